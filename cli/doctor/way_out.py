"""From the queues to people: what waits, webhooks, topics, alarms, mutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.deployment import NotReached
from cli.doctor.check import SET_BACK, Check, Found, fine, wrong
from cli.doctor.site import FAILURE_QUEUES, Site
from handlers.core.destinations import is_webhook
from handlers.core.severity import Severity
from handlers.core.text import say_count

_NOTIFY_NOBODY = ("/canary-made", "/canary-unseen", "/unwell")
_MANY_WAIT = 1000
_MOST_IN_FLIGHT = 120_000
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html"""


def _failures(site: Site) -> Found:
    counts = {output: sum(site.depth(site.output(output))) for output in FAILURE_QUEUES}
    if total := sum(counts.values()):
        kinds = sorted({FAILURE_QUEUES[output] for output, count in counts.items() if count})
        return wrong(
            f"{say_count(total, 'message')} could not be processed ({', '.join(kinds)})", "thingwatch redrive"
        )
    return fine("nothing is in the failure queues")


def _waiting(site: Site) -> Found:
    depths = {name: site.depth(url) for name, url in site.delivery_queues().items()}
    for name, (shown, _) in depths.items():
        if shown >= _MANY_WAIT:
            return wrong(
                f"{say_count(shown, 'alert')} waiting for {name}",
                f"aws logs tail {site.resource('DeliveryDeliverLogs')} --since 1h --filter-pattern tried",
            )
    waiting = sum(sum(each) for each in depths.values())
    return fine(f"{say_count(waiting, 'alert')} on the way" if waiting else "no alert waits")


def _in_flight(site: Site) -> Found:
    for name, url in site.delivery_queues().items():
        _, hidden = site.depth(url)
        if hidden > _MOST_IN_FLIGHT // 2:
            return wrong(
                f"{say_count(hidden, 'alert')} for {name} hidden until tried again;"
                f" SQS hides {_MOST_IN_FLIGHT:,} and then hands out none",
                f"aws sqs get-queue-attributes --queue-url {url} --attribute-names All",
            )
    return fine("no queue comes near to what SQS hides")


def _secrets(site: Site) -> Iterator[tuple[str, str, str]]:
    """Of each Slack destination its name, the store, and the secret's name there."""
    for name, destination in site.config.destinations.items():
        if destination.slack is not None:
            store, _, path = destination.slack.partition(":")
            yield name, store, path


def _read(site: Site, store: str, path: str) -> tuple[str, str] | None:
    """The type of a secret and its text; None where it is not there."""
    if store == "ssm":
        ssm = site.client("ssm")
        try:
            found: dict[str, Any] = ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]
        except ssm.exceptions.ParameterNotFound:
            return None
        return str(found["Type"]), str(found["Value"])
    secrets = site.client("secretsmanager")
    try:
        return "SecretString", str(secrets.get_secret_value(SecretId=path).get("SecretString", ""))
    except (
        secrets.exceptions.ResourceNotFoundException,
        # It is about to be deleted.
        secrets.exceptions.InvalidRequestException,
    ):
        return None


def _set_command(store: str, path: str, *, again: bool) -> str:
    if store == "ssm":
        overwrite = " --overwrite" if again else ""
        return f"aws ssm put-parameter{overwrite} --type SecureString --name {path} --value file:///dev/stdin"
    if again:
        return f"aws secretsmanager put-secret-value --secret-id {path} --secret-string file:///dev/stdin"
    return f"aws secretsmanager create-secret --name {path} --secret-string file:///dev/stdin"


def _webhooks(site: Site) -> Found:
    names = []
    for name, store, path in _secrets(site):
        if _read(site, store, path) is None:
            return wrong(
                f"the webhook of {name} is not set: {store}:{path}", _set_command(store, path, again=False)
            )
        names.append(name)
    return fine(
        f"the webhooks of {', '.join(names)} are set" if names else "the config has no Slack destination"
    )


def _webhook_types(site: Site) -> Found:
    for name, store, path in _secrets(site):
        found = _read(site, store, path)
        if found is not None and found[0] not in ("SecureString", "SecretString"):
            return wrong(
                f"the webhook of {name} is a {found[0]}, readable by everyone who may read parameters",
                f"aws ssm delete-parameter --name {path}",
            )
    return fine("webhooks are kept encrypted")


def _webhook_forms(site: Site) -> Found:
    for name, store, path in _secrets(site):
        found = _read(site, store, path)
        # It is a secret: what is wrong with it is not told.
        if found is not None and not is_webhook(found[1].strip(), site.config.slack_test_host):
            return wrong(
                f"what is stored for {name} is no https webhook of Slack",
                _set_command(store, path, again=True),
            )
    return fine("webhooks are of Slack's form")


def _topics(site: Site) -> Iterator[tuple[str, str]]:
    """Of each SNS destination its name and the topic's ARN."""
    for name, destination in site.config.destinations.items():
        if destination.sns == "create":
            yield name, site.output(f"TopicArn{name.replace('-', '')}")
        elif destination.sns is not None:
            yield name, destination.sns


def _subscribers(site: Site, arn: str) -> tuple[int, int] | None:
    """How many subscriptions of a topic are confirmed, and how many wait for that; None without the topic."""
    sns = site.client("sns", arn.split(":")[3])
    try:
        pages = list(sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn))
    except sns.exceptions.NotFoundException:
        return None
    arns = [each["SubscriptionArn"] for page in pages for each in page["Subscriptions"]]
    pending = sum(each == "PendingConfirmation" for each in arns)
    return sum(each.startswith("arn:") for each in arns), pending


def _topics_there(site: Site) -> Found:
    names = []
    for name, arn in _topics(site):
        if _subscribers(site, arn) is None:
            return wrong(f"the topic of {name} is gone: {arn}", SET_BACK)
        names.append(name)
    return fine(
        f"the topics of {', '.join(names)} are there" if names else "the config has no SNS destination"
    )


def _topics_heard(site: Site) -> Found:
    for name, arn in _topics(site):
        confirmed, pending = _subscribers(site, arn) or (0, 0)
        if problem := _problem(confirmed, pending):
            return wrong(f"the topic of {name} {problem}", _subscribe(arn))
    return fine("every topic has a subscriber")


def _problem(confirmed: int, pending: int) -> str:
    """What is wrong with the subscriptions of a topic, after its name; empty when nothing is."""
    if confirmed:
        return ""
    return (
        f"has {say_count(pending, 'subscription')} that nobody has confirmed"
        if pending
        else "has no subscriber"
    )


def _subscribe(arn: str) -> str:
    place = f"--topic-arn {arn} --region {arn.split(':')[3]}"
    return f"aws sns subscribe {place} --protocol email --notification-endpoint you@example.com"


def _operators(site: Site) -> Found:
    arn = site.output("OperatorsTopicArn")
    found = _subscribers(site, arn)
    if found is None:
        return wrong("the operators' topic is gone", SET_BACK)
    if problem := _problem(*found):
        return wrong(f"the operators' topic {problem}", _subscribe(arn))
    return fine("the operators hear of alarms")


def _alarm_rule(site: Site) -> Found:
    names = ", ".join(site.config.operators.to)
    if not names:
        return fine("the config names no destination that hears of alarms")
    events = site.client("events")
    try:
        rule = events.describe_rule(Name=site.resource("AlarmsStates"))
    except events.exceptions.ResourceNotFoundException:
        return wrong(f"the rule that brings alarms to {names} is gone", SET_BACK)
    if rule["State"] != "ENABLED":
        return wrong(
            f"the rule that brings alarms to {names} is off", f"aws events enable-rule --name {rule['Name']}"
        )
    return fine(f"alarms are told to {names} too")


def _alarms(site: Site) -> dict[str, dict[str, Any]]:
    """The alarms of the stack that are there, by name."""
    pages = (
        site.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{site.stack}/", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    )
    found = [each for page in pages for each in (*page["MetricAlarms"], *page["CompositeAlarms"])]
    wanted = set(_wanted_alarms(site))
    return {each["AlarmName"]: each for each in found if each["AlarmName"] in wanted}


def _wanted_alarms(site: Site) -> list[str]:
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    # CloudFormation calls a composite alarm by its ARN.
    names = [each.rpartition(":")[2] for kind in kinds for each in site.resources_of(kind)]
    if not names:
        raise NotReached("the stack has no alarms: deploy this release first")
    return names


def _alarms_there(site: Site) -> Found:
    found = _alarms(site)
    if missing := sorted(set(_wanted_alarms(site)) - set(found)):
        return wrong(f"{say_count(len(missing), 'alarm')} gone: {', '.join(missing[:3])}", SET_BACK)
    if silenced := sorted(name for name, each in found.items() if not each["ActionsEnabled"]):
        return wrong(
            f"{say_count(len(silenced), 'alarm')} silenced: {', '.join(silenced[:3])}",
            f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(silenced)}",
        )
    topic = site.output("OperatorsTopicArn")
    deaf = sorted(
        name
        for name, each in found.items()
        if topic not in each.get("AlarmActions", []) and not name.endswith(_NOTIFY_NOBODY)
    )
    if deaf:
        return wrong(f"{say_count(len(deaf), 'alarm')} that notify nobody: {', '.join(deaf[:3])}", SET_BACK)
    return fine(f"all {len(found)} alarms are there")


def _alarms_off(site: Site) -> Found:
    on = sorted(
        name
        for name, each in _alarms(site).items()
        if each["StateValue"] == "ALARM" and not name.endswith(_NOTIFY_NOBODY)
    )
    if on:
        return wrong(
            f"{say_count(len(on), 'alarm')} on: {', '.join(on[:3])}",
            f"aws cloudwatch describe-alarms --alarm-names {' '.join(on)}",
        )
    return fine("no alarm is on")


CHECKS = tuple(
    Check(name, severity, why, look)
    for name, severity, why, look in (
        (
            "failure-queues",
            Severity.HIGH,
            "nobody was told of what is there; it is kept for 14 days",
            _failures,
        ),
        ("backlog", Severity.MEDIUM, "what waits comes late", _waiting),
        ("in-flight", Severity.MEDIUM, "SQS hides only so many messages of a queue at a time", _in_flight),
        ("webhooks", Severity.HIGH, "until it is set alerts wait, for up to four days", _webhooks),
        ("webhooks-secret", Severity.HIGH, "whoever knows a webhook can post", _webhook_types),
        ("webhooks-form", Severity.HIGH, "nothing is sent to anything else", _webhook_forms),
        (
            "topics",
            Severity.HIGH,
            "alerts to a topic that is gone are tried again for days, then kept",
            _topics_there,
        ),
        ("subscriptions", Severity.MEDIUM, "what is published to nobody is gone", _topics_heard),
        ("operators", Severity.HIGH, "alarms that nobody hears are none", _operators),
        ("alarm-rule", Severity.LOW, "without it only the operators' topic hears of alarms", _alarm_rule),
        ("alarms", Severity.HIGH, "they tell that Thingwatch itself is unwell", _alarms_there),
        ("alarms-off", Severity.HIGH, "an alarm that is on says what is wrong, and what to do", _alarms_off),
    )
)
