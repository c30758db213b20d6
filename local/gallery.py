"""The pictures of docs/gallery.md and of the README: messages as Slack shows them, taken by a browser.

`make gallery` takes them anew: one message of each category of AWS IoT Core, of a rule over time, a rollup,
what a backlog becomes, and a hostile name.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from handlers.core.alert_building import build_alert
from handlers.core.alerts import Alert
from handlers.core.answers import Former, Page, tell_certificate, tell_policy
from handlers.core.judgement import judge_event
from handlers.core.record import parse_event
from handlers.core.renderings.digest import render_digest
from handlers.core.renderings.page import render_message, render_page
from handlers.core.renderings.slack import render_slack
from handlers.core.ruleset import Ruleset
from local.browser import find_browser, open_browser, take_picture
from rulebook.catalog import load_catalog
from rulebook.compile import compile_file
from rulebook.gallery_page import PAGE, PICTURES
from rulebook.gallery_page import render_page as render_gallery

_ROOT = Path(__file__).parent.parent
_EVENTS = _ROOT / "tests" / "events"
_ACCOUNT, _REGION = "111122223333", "eu-west-1"
_CERTIFICATE = "008df3f9c1a24b7e8d5f6a3b2c1d0e9f" * 2
_WIDTH = 620


def arn(kind: str, name: str) -> str:
    """The ARN of a resource of the gallery's fleet."""
    return f"arn:aws:iot:{_REGION}:{_ACCOUNT}:{kind}/{name}"


_DOCUMENT = json.dumps(
    {"Statement": [{"Effect": "Allow", "Action": ["iot:Connect", "iot:Publish"], "Resource": "*"}]}
)

# One call of each category: what it is about, the operation, its parameters, what AWS answered.
_CALLS: Mapping[str, tuple[str, str, dict[str, Any], dict[str, Any] | None]] = {
    "certificate": (
        "A certificate is activated",
        "UpdateCertificate",
        {"certificateId": _CERTIFICATE, "newStatus": "ACTIVE"},
        None,
    ),
    "ca_certificate": (
        "A CA may enrol devices",
        "UpdateCACertificate",
        {"certificateId": _CERTIFICATE, "newAutoRegistrationStatus": "ENABLE"},
        None,
    ),
    "policy": (
        "A policy allows too much",
        "CreatePolicyVersion",
        {"policyName": "pump-policy", "policyDocument": _DOCUMENT, "setAsDefault": True},
        {"policyName": "pump-policy", "policyVersionId": "4"},
    ),
    "role_alias": (
        "Devices get a powerful role",
        "CreateRoleAlias",
        {"roleAlias": "pump-logs", "roleArn": f"arn:aws:iam::{_ACCOUNT}:role/AdminAccess"},
        None,
    ),
    "authorizer": (
        "An authorizer without signing",
        "CreateAuthorizer",
        {
            "authorizerName": "open-door",
            "authorizerFunctionArn": f"arn:aws:lambda:{_REGION}:{_ACCOUNT}:function:open-door",
            "status": "ACTIVE",
            "signingDisabled": True,
        },
        None,
    ),
    "domain_configuration": (
        "A domain accepts old TLS",
        "UpdateDomainConfiguration",
        {
            "domainConfigurationName": "devices",
            "tlsConfig": {"securityPolicy": "IoTSecurityPolicy_TLS12_1_0_2016_01"},
        },
        None,
    ),
    "provisioning": (
        "A provisioning hook is removed",
        "UpdateProvisioningTemplate",
        {"templateName": "fleet", "removePreProvisioningHook": True},
        None,
    ),
    "job": (
        "A job for a whole group",
        "CreateJob",
        {"jobId": "reboot-all", "targets": [arn("thinggroup", "pumps")], "targetSelection": "SNAPSHOT"},
        None,
    ),
    "ota": (
        "An update that is not signed",
        "CreateOTAUpdate",
        {
            "otaUpdateId": "firmware-2-1",
            "targets": [arn("thinggroup", "pumps")],
            "files": [{"fileName": "fw"}],
        },
        None,
    ),
    "software_package": (
        "A package gets another default version",
        "UpdatePackage",
        {"packageName": "pump-firmware", "defaultVersionName": "2.1"},
        None,
    ),
    "command": ("A command comes back", "UpdateCommand", {"commandId": "reboot", "deprecated": False}, None),
    "topic_rule": (
        "Every message leaves for the web",
        "CreateTopicRule",
        {
            "ruleName": "copy_all",
            "topicRulePayload": {
                "sql": "SELECT * FROM '#'",
                "actions": [{"http": {"url": "https://collector.example/in"}}],
            },
        },
        None,
    ),
    "logging": ("Logs are turned off", "SetV2LoggingOptions", {"disableAllLogs": True}, None),
    "defender_audit": ("Audits are turned off", "DeleteAccountAuditConfiguration", {}, None),
    "defender_detect": (
        "A security profile is taken from all things",
        "DetachSecurityProfile",
        {"securityProfileName": "watch", "securityProfileTargetArn": arn("all", "things")},
        None,
    ),
    "defender_mitigation": (
        "A mitigation that shuts devices out",
        "CreateMitigationAction",
        {
            "actionName": "lock",
            "roleArn": f"arn:aws:iam::{_ACCOUNT}:role/defender",
            "actionParams": {"updateDeviceCertificateParams": {"action": "DEACTIVATE"}},
        },
        None,
    ),
    "encryption": (
        "The fleet's key is changed",
        "UpdateEncryptionConfiguration",
        {
            "encryptionType": "CUSTOMER_MANAGED_KMS_KEY",
            "kmsKeyArn": f"arn:aws:kms:{_REGION}:{_ACCOUNT}:key/1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        },
        None,
    ),
    "indexing": (
        "The fleet can not be searched any more",
        "UpdateIndexingConfiguration",
        {"thingIndexingConfiguration": {"thingIndexingMode": "OFF"}},
        None,
    ),
    "recon": (
        "Somebody looks through the fleet",
        "SearchIndex",
        {"indexName": "AWS_Things", "queryString": "*", "maxResults": 500},
        None,
    ),
    "thing": ("A thing is deleted", "DeleteThing", {"thingName": "pump-7"}, None),
    "thing_group": (
        "A thing leaves isolation",
        "RemoveThingFromThingGroup",
        {"thingName": "pump-7", "thingGroupName": "quarantine"},
        None,
    ),
    "thing_type": ("A thing type is deprecated", "DeprecateThingType", {"thingTypeName": "pump"}, None),
    "billing_group": (
        "A thing is billed elsewhere",
        "AddThingToBillingGroup",
        {"thingName": "pump-7", "billingGroupName": "plant-2"},
        None,
    ),
    "tags": (
        "Tags are removed",
        "UntagResource",
        {"resourceArn": arn("thing", "pump-7"), "tagKeys": ["owner"]},
        None,
    ),
}
_FORMER = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "iot:Connect", "Resource": arn("client", "${iot:ClientId}")},
            {"Effect": "Allow", "Action": "iot:Publish", "Resource": arn("topic", "pumps/*")},
        ],
    }
)
# What AWS IoT would answer where the pictures' fleet were real.
_ANSWERS = {
    "policy": tell_policy(
        _DOCUMENT,
        Former("3", _FORMER, is_in_force=False),
        Page(
            [arn("cert", f"{number:064x}") for number in range(142)] + [arn("thinggroup", "pumps")],
            is_last=True,
        ),
    ),
    "certificate": tell_certificate(Page(["pump-7"], is_last=True), Page(["pump-policy"], is_last=True)),
}
TITLES: Mapping[str, str] = {
    **{name: call[0] for name, call in _CALLS.items()},
    "denied": "A call that was refused",
    "windowed": "A rule over time",
    "rollup": "What was held back",
    "digest": "What waited while Slack was away",
    "hostile": "A hostile name",
}
"""The titles of the pictures, by the name of their file."""


def make_messages(ruleset: Ruleset) -> dict[str, dict[str, Any]]:
    """The Slack messages that the pictures show, by the name of their file."""
    alerts = {
        name: replace(_judge(_event(*call[1:]), ruleset), answers=_ANSWERS.get(name, ()))
        for name, call in _CALLS.items()
    }
    denied = _event("AttachPolicy", {"policyName": "pump-policy", "target": arn("cert", _CERTIFICATE)}, None)
    denied["detail"] |= {"errorCode": "AccessDeniedException", "errorMessage": "not authorized to perform"}
    hostile = json.loads((_EVENTS / "hostile-names.json").read_text(encoding="utf-8"))
    backlog = [alerts[name] for name in ("topic_rule", "certificate", "job", "thing_group", "command")]
    return {
        **{name: render_slack(alert) for name, alert in alerts.items()},
        "denied": render_slack(_judge(denied, ruleset)),
        "windowed": _replay("windowed"),
        "rollup": _replay("rollup"),
        "digest": render_digest(backlog, whole=1),
        "hostile": render_slack(_judge(hostile, ruleset)),
    }


def _event(operation: str, parameters: dict[str, Any], answer: dict[str, Any] | None) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((_EVENTS / "certificate-activated.json").read_text(encoding="utf-8"))
    event["detail"] |= {
        "eventName": operation,
        "requestParameters": parameters,
        "responseElements": answer,
        "userIdentity": {
            "type": "IAMUser",
            "userName": "alice",
            "arn": f"arn:aws:iam::{_ACCOUNT}:user/alice",
            "accountId": _ACCOUNT,
        },
    }
    return event


def _judge(event: dict[str, Any], ruleset: Ruleset) -> Alert:
    judged = judge_event(parse_event(event), ruleset)
    if judged.finding is None:
        raise ValueError(f"{judged.operation} is told to nobody, so it has no picture")
    return build_alert(judged, judged.finding, ruleset)


def _replay(kind: str) -> dict[str, Any]:
    """The message that the operator's command renders of a recorded night."""
    history = str(_ROOT / "tests" / "histories" / "night.jsonl")
    command = [str(Path(sys.executable).with_name("thingwatch")), "render", "--kind", kind, history]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    payload: dict[str, Any] = json.loads(said)
    return payload


def write_page() -> None:
    """Write docs/gallery.md."""
    PAGE.write_text(render_gallery(load_catalog(), TITLES), encoding="utf-8")


def main() -> None:
    """Take the pictures, and write the page that shows them."""
    paths = find_browser()
    if paths is None:
        sys.exit("The pictures need Chromium or Chrome with its driver; none is on the PATH.")
    ruleset = compile_file(_ROOT / "config" / "alerts.yaml", load_catalog())
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open_browser(paths, width=_WIDTH) as browser:
        page = Path(folder) / "message.html"
        for name, payload in make_messages(ruleset).items():
            page.write_text(render_page([render_message(payload)], title=name), encoding="utf-8")
            browser.get(page.as_uri())
            (PICTURES / f"{name}.png").write_bytes(take_picture(browser, "article"))
    write_page()


if __name__ == "__main__":
    main()
