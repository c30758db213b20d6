"""Broken config files and exactly what is said of each: (name, text, the lines)."""

from __future__ import annotations

PASTED = (
    "a webhook URL is a secret and must not stand in this file; store it with"
    " `aws ssm put-parameter --type SecureString --name /thingwatch/slack/NAME --value file:///dev/stdin`"
    " and write `ssm:/thingwatch/slack/NAME` here (whoever has seen the URL can post: make a new one)"
)
SEVERITIES = "informational, low, medium, high, critical"
TOP_KEYS = "version, defaults, operations, destinations, routes, slack_test_host"
ONE_KIND = "write either `slack: ssm:/thingwatch/slack/NAME` or `sns: create`"
MAPPING = "must be keys and values, such as `{key: value}`"
AUDIT = "destinations:\n  audit: {sns: create}\n"
VALID = f"version: 1\n{AUDIT}"

BROKEN: list[tuple[str, str, list[str]]] = [
    (
        "destinations that would share an output",
        "version: 1\ndestinations:\n  sec-ops: {sns: create}\n  secops: {sns: create}\n",
        [
            "4:11: destinations.secops:"
            " differs from another destination by its hyphens alone; choose another name",
        ],
    ),
    ("empty file", "", ["1:1: the file is empty; write at least one key and its value"]),
    (
        "not YAML",
        "version: 1\ndestinations: {\n",
        ["3:1: a value is missing here, or a bracket is not closed"],
    ),
    (
        "nothing but an unknown key",
        "hello: 1\n",
        [
            "1:1: destinations: is missing; write it, for example `destinations: {audit: {sns: create}}`",
            f"1:1: hello: unknown key; known here are {TOP_KEYS}",
            "1:1: version: is missing; write it, for example `version: 1`",
        ],
    ),
    (
        "another version",
        f"version: 2\n{AUDIT}",
        ["1:10: version: must be the number 1, the only version there is"],
    ),
    (
        "version as text",
        f"version: '1'\n{AUDIT}",
        ["1:10: version: must be the number 1, the only version there is"],
    ),
    (
        "version true",
        f"version: true\n{AUDIT}",
        ["1:10: version: must be the number 1, the only version there is"],
    ),
    (
        "misspelt key",
        f"{VALID}route: []\n",
        [f'4:1: route: unknown key; known here are {TOP_KEYS}; did you mean "routes"?'],
    ),
    (
        "key twice",
        f"{VALID}version: 1\n",
        ['4:1: version: the key "version" stands twice, first in line 1; keep one'],
    ),
    ("no destination", "version: 1\ndestinations: {}\n", ["2:15: destinations: is empty; name at least one"]),
    (
        "destinations left out after the colon",
        "version: 1\ndestinations:\n\nroutes:\n",
        [
            "2:1: destinations: has no value; write one, or delete the line",
            "4:1: routes: has no value; write one, or delete the line",
        ],
    ),
    ("destinations as a list", "version: 1\ndestinations: [audit]\n", [f"2:15: destinations: {MAPPING}"]),
    (
        "destination as a word",
        "version: 1\ndestinations: {audit: sns}\n",
        [f"2:23: destinations.audit: {MAPPING}"],
    ),
    (
        "destination of both kinds",
        "version: 1\ndestinations:\n  a: {slack: ssm:/x, sns: create}\n",
        [f"3:6: destinations.a: {ONE_KIND}; here are both"],
    ),
    (
        "destination of no kind",
        "version: 1\ndestinations:\n  a: {}\n",
        [f"3:6: destinations.a: {ONE_KIND}; here are neither"],
    ),
    (
        "destination of an unknown kind",
        "version: 1\ndestinations:\n  a: {slak: ssm:/x}\n",
        ['3:7: destinations.a.slak: unknown key; known here are slack, sns; did you mean "slack"?'],
    ),
    (
        "destination with a bad name",
        "version: 1\ndestinations:\n  Sec_Ops: {sns: create}\n",
        [
            (
                "3:3: destinations.Sec_Ops: a destination's name has up to 40 small letters, digits and"
                " hyphens, a letter first"
            )
        ],
    ),
    (
        "SNS topic that is not made here",
        "version: 1\ndestinations:\n  a: {sns: crate}\n",
        ['3:12: destinations.a.sns: "crate" is not `create`; did you mean "create"?'],
    ),
    (
        "pasted webhook",
        "version: 1\ndestinations:\n  a:\n    slack: https://hooks.slack.com/services/T0AAAA/B0BBBB/sEcReT\n",
        [f"4:12: destinations.a.slack: {PASTED}"],
    ),
    (
        "webhook as a key",
        "version: 1\ndestinations:\n  a: {https://hooks.slack.com/services/T0AAAA/B0BBBB/sEcReT: }\n",
        ["3:7: destinations.a.?: unknown key; known here are slack, sns"],
    ),
    (
        "secret without its kind",
        "version: 1\ndestinations:\n  a: {slack: /thingwatch/slack/a}\n",
        [
            (
                "3:14: destinations.a.slack: write where the webhook URL is stored:"
                " `ssm:/thingwatch/slack/NAME` or `secretsmanager:NAME`"
            )
        ],
    ),
    (
        "SSM name that AWS keeps",
        "version: 1\ndestinations:\n  a: {slack: ssm:/aws/slack}\n",
        [
            (
                "3:14: destinations.a.slack: AWS keeps names that start with /aws or /ssm for itself;"
                " choose another"
            )
        ],
    ),
    (
        "Secrets Manager name with a space",
        "version: 1\ndestinations:\n  a: {slack: secretsmanager:my secret}\n",
        ["3:14: destinations.a.slack: a Secrets Manager name has 1 to 512 letters, digits and /_+=.@-"],
    ),
    (
        "minimum severity misspelt",
        f"{VALID}defaults: {{minimum_severity: hihg}}\n",
        [f'4:30: defaults.minimum_severity: "hihg" is not one of {SEVERITIES}; did you mean "high"?'],
    ),
    (
        "unknown operation",
        f"{VALID}operations:\n  iot:DeleteCertificat: {{severity: low}}\n",
        [
            (
                "5:3: operations.iot:DeleteCertificat: the catalog knows no such operation;"
                ' did you mean "iot:DeleteCertificate"?'
            )
        ],
    ),
    (
        "override as a word",
        f"{VALID}operations:\n  iot:DeletePolicy: off\n",
        ["5:21: operations.iot:DeletePolicy: write the severity under its key, such as `{severity: off}`"],
    ),
    (
        "override that changes nothing",
        f"{VALID}operations:\n  iot:DeletePolicy: {{}}\n",
        [
            (
                "5:21: operations.iot:DeletePolicy: changes nothing; write `severity:` or `escalate:`,"
                " or delete the line"
            )
        ],
    ),
    (
        "override with false",
        f"{VALID}operations:\n  iot:DeletePolicy: {{severity: false}}\n",
        [f'5:32: operations.iot:DeletePolicy.severity: "false" is not one of off, {SEVERITIES}'],
    ),
    (
        "operation that is off and escalates",
        (
            f"{VALID}operations:\n  iot:DeletePolicy:\n    severity: off\n"
            "    escalate: [{when: {eventName: [DeletePolicy]}, to: high, why: because}]\n"
        ),
        [
            (
                "7:15: operations.iot:DeletePolicy.escalate: an operation that is `off` can not escalate;"
                " give it a severity, or delete this"
            )
        ],
    ),
    (
        "escalation that does not raise",
        (
            f"{VALID}operations:\n  iot:DeletePolicy:\n"
            "    escalate: [{when: {eventName: [DeletePolicy]}, to: medium, why: because}]\n"
        ),
        [
            (
                "6:56: operations.iot:DeletePolicy.escalate.0.to: an escalation must be above the severity it"
                " starts from, medium"
            )
        ],
    ),
    (
        "escalation with a bad pattern",
        (
            f"{VALID}operations:\n  iot:DeletePolicy:\n"
            "    escalate: [{when: {eventName: [{prefx: Del}]}, to: high, why: because}]\n"
        ),
        [
            (
                "6:44: operations.iot:DeletePolicy.escalate.0.when.eventName.0.prefx: unknown operator;"
                " known are anything-but, cidr, equals-ignore-case, exactly, exists, numeric, prefix, suffix,"
                ' wildcard; did you mean "prefix"?'
            )
        ],
    ),
    (
        "escalation without a reason",
        (
            f"{VALID}operations:\n  iot:DeletePolicy:\n"
            "    escalate: [{when: {eventName: [DeletePolicy]}, to: high, why: ''}]\n"
        ),
        ["6:67: operations.iot:DeletePolicy.escalate.0.why: is empty; write a text"],
    ),
    (
        "route to an unknown destination",
        f"{VALID}routes:\n  - {{severity: [{SEVERITIES}], to: [audit, audi]}}\n",
        ['5:74: routes.0.to.1: no destination has the name "audi"; known are audit; did you mean "audit"?'],
    ),
    (
        "routes as a mapping",
        f"{VALID}routes: {{severity: [high]}}\n",
        ["4:9: routes: must be a list, such as `[one, two]`"],
    ),
    (
        "route to nowhere",
        f"{VALID}routes:\n  - {{severity: [{SEVERITIES}], to: []}}\n",
        ["5:66: routes.0.to: is empty; name at least one"],
    ),
    (
        "route with a word for a list",
        f"{VALID}routes:\n  - {{severity: high, to: audit}}\n",
        [
            "5:16: routes.0.severity: must be a list, such as `[one, two]`",
            "5:26: routes.0.to: must be a list, such as `[one, two]`",
        ],
    ),
    (
        "route without destinations",
        f"{VALID}routes:\n  - {{severity: [{SEVERITIES}]}}\n",
        ["5:5: routes.0.to: is missing; write it"],
    ),
    (
        "severity twice in a route",
        f"{VALID}routes:\n  - {{severity: [high, low, high], to: [audit]}}\n",
        ["5:28: routes.0.severity.2: stands twice in this list; keep one"],
    ),
    (
        "number for a destination",
        f"{VALID}routes:\n  - {{severity: [{SEVERITIES}], to: [1]}}\n",
        ["5:67: routes.0.to.0: must be text; put it in quotes if it looks like a number"],
    ),
    (
        "severities that nobody hears of",
        f"{VALID}routes:\n  - {{severity: [critical, high], to: [audit]}}\n",
        [
            (
                "5:3: routes: no route takes low, medium, so such alerts would reach nobody; add it to a"
                " route, or raise defaults.minimum_severity above it"
            )
        ],
    ),
    (
        "test host that is not loopback",
        f"{VALID}slack_test_host: example.com\n",
        ['4:18: slack_test_host: "example.com" is not one of 127.0.0.1, ::1, localhost'],
    ),
    (
        "everything at once, in the order of the file",
        (
            "version: 1\n"
            "routes:\n"
            "  - {severity: [high, hgih], to: [secop]}\n"
            "destinations:\n"
            "  secops: {slack: ssm:relative}\n"
            "operations:\n"
            "  iot:UpdateCertificat: {severity: low}\n"
            "  iot:DeletePolicy: {severity: loud}\n"
        ),
        [
            f'3:23: routes.0.severity.1: "hgih" is not one of {SEVERITIES}; did you mean "high"?',
            (
                '3:35: routes.0.to.0: no destination has the name "secop"; known are secops;'
                ' did you mean "secops"?'
            ),
            (
                "5:19: destinations.secops.slack: an SSM parameter name starts with `/` and has up to 15"
                " parts of letters, digits and _.- with one `/` between, such as `ssm:/thingwatch/slack/NAME`"
            ),
            (
                "7:3: operations.iot:UpdateCertificat: the catalog knows no such operation;"
                ' did you mean "iot:UpdateCertificate"?'
            ),
            f'8:32: operations.iot:DeletePolicy.severity: "loud" is not one of off, {SEVERITIES}',
        ],
    ),
]
