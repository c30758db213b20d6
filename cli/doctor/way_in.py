"""From an API call to `detect`: the account, the stack, the trail, the rule, the canary."""

from __future__ import annotations

import json
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from cli.deployment import NotReached
from cli.doctor.check import SET_BACK, Check, Found, fine, wrong
from cli.doctor.site import Gone, Site
from handlers.core.severity import Severity

_CLOCKS_DIFFER = timedelta(minutes=5)
_TWO_CALLS = timedelta(minutes=65)


def _credentials(site: Site) -> Found:
    # As in cli.deployment.
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415

    try:
        caller = site.client("sts").get_caller_identity()
    except NoCredentialsError:
        return wrong("AWS is configured with no credentials", "aws configure")
    except ClientError as error:
        return wrong(f"AWS refuses the credentials: {error.response['Error']['Code']}", "aws sso login")
    except BotoCoreError as error:
        return wrong(f"there are no credentials to be had: {error}", "aws sso login")
    return fine(f"{caller['Arn']} in {site.region}")


def _clock(site: Site) -> Found:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

    try:
        answer = site.client("sts").get_caller_identity()
    except ClientError as error:
        # It refuses a clock that is far off, and says the time all the same.
        answer = error.response
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    theirs = parsedate_to_datetime(headers["date"])
    apart = abs(site.now - theirs)
    if apart > _CLOCKS_DIFFER:
        return wrong(
            f"this machine's clock is {int(apart.total_seconds())} seconds apart from AWS's",
            "timedatectl set-ntp true",
        )
    return fine("this machine's clock is AWS's")


def _config(site: Site) -> Found:
    faults, warnings = site.checked.faults, site.checked.warnings
    if faults:
        return wrong(f"the config here is faulty: {faults[0]}", "thingwatch check")
    return fine(
        f"the config here is sound, with {len(warnings)} warnings" if warnings else "the config here is sound"
    )


def _deployed_config(site: Site) -> Found:
    deployed = site.output("RulesetDigest")
    if site.digest is None:
        return wrong("the config here is faulty, so it is not the one that is deployed", "thingwatch check")
    if deployed != site.digest:
        return wrong(
            "the deployed stack has another config, or another release, than is here", "npx cdk diff"
        )
    return fine("the config that is deployed is the one here")


def _stack(site: Site) -> Found:
    try:
        status = site.deployment.status
    except NotReached as error:
        return wrong(str(error), "npx cdk deploy")
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
        return fine(f"{site.stack} is there: {status}")
    return wrong(f"{site.stack} is in the state {status}", "npx cdk deploy")


def _trail(site: Site) -> Found:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

    cloudtrail = site.client("cloudtrail")
    trails = cloudtrail.describe_trails(includeShadowTrails=True)["trailList"]
    # A trail of one other Region does not log here.
    here = [
        each for each in trails if each.get("IsMultiRegionTrail") or each.get("HomeRegion") == site.region
    ]
    problems: dict[str, Found] = {}
    for trail in here:
        name, home = trail["Name"], trail.get("HomeRegion", site.region)
        at = f"--name {name} --region {home}"
        try:
            is_logging = cloudtrail.get_trail_status(Name=trail["TrailARN"])["IsLogging"]
            takes_writes = _logs_writes(cloudtrail.get_event_selectors(TrailName=trail["TrailARN"]))
        except ClientError as error:
            # A trail of the organization is read in another account.
            said = f"the trail {name} can not be looked at ({error.response['Error']['Code']})"
            problems[name] = wrong(said, f"aws cloudtrail get-trail-status {at}")
            continue
        if is_logging and takes_writes:
            return fine(f"the trail {name} logs calls that write, in this Region")
        problems[name] = (
            wrong(f"the trail {name} is stopped", f"aws cloudtrail start-logging {at}")
            if not is_logging
            else wrong(
                f"the trail {name} does not take management events that write",
                f"aws cloudtrail put-event-selectors --trail-name {name} --region {home} --event-selectors"
                " ReadWriteType=All,IncludeManagementEvents=true",
            )
        )
    for problem in problems.values():
        return wrong(f"{problem.said}: EventBridge hears of no API call", problem.command)
    return wrong(
        "there is no trail for this Region: EventBridge hears of no API call",
        f"aws cloudtrail create-trail --is-multi-region-trail --name management --s3-bucket-name BUCKET"
        f" --region {site.region} && aws cloudtrail start-logging --name management --region {site.region}",
    )


def _logs_writes(answer: dict[str, Any]) -> bool:
    """Whether the selectors of a trail take management events that write."""
    for selector in answer.get("EventSelectors") or []:
        if selector.get("IncludeManagementEvents", True) and selector.get("ReadWriteType") != "ReadOnly":
            return True
    for advanced in answer.get("AdvancedEventSelectors") or []:
        fields = {each["Field"]: each for each in advanced["FieldSelectors"]}
        if "Management" in fields.get("eventCategory", {}).get("Equals", []) and "true" not in fields.get(
            "readOnly", {}
        ).get("Equals", []):
            return True
    return False


def _rule(site: Site) -> dict[str, Any]:
    name = site.resource("DetectionApiCalls").rpartition("|")[2]
    events = site.client("events")
    try:
        rule: dict[str, Any] = events.describe_rule(Name=name)
    except events.exceptions.ResourceNotFoundException:
        raise Gone("the rule that brings API calls to detect is gone") from None
    return rule


def _rule_enabled(site: Site) -> Found:
    rule = _rule(site)
    if rule["State"].startswith("ENABLED"):
        return fine(f"the rule {rule['Name']} is on")
    return wrong(f"the rule {rule['Name']} is off", f"aws events enable-rule --name {rule['Name']}")


def _rule_pattern(site: Site) -> Found:
    found = json.loads(_rule(site).get("EventPattern") or "{}")
    watched = site.config.watch.watched
    wanted = {
        "source": {each.bus_source for each in watched},
        "eventSource": {name for each in watched for name in each.event_sources},
    }
    detail = found.get("detail", {})
    takes = {"source": set(found.get("source", [])), "eventSource": set(detail.get("eventSource", []))}
    if takes != wanted:
        return wrong("the rule takes other services than the config here watches", "npx cdk diff")
    is_whole = set(found) == {"source", "detail-type", "detail"} and set(detail) == {"eventSource"}
    if not is_whole or "AWS API Call via CloudTrail" not in found["detail-type"]:
        return wrong("the rule does not take every call of these services", SET_BACK)
    return fine(f"the rule takes the calls of {len(wanted['source'])} services")


def _rule_target(site: Site) -> Found:
    name = _rule(site)["Name"]
    targets = site.client("events").list_targets_by_rule(Rule=name)["Targets"]
    function = site.output("DetectFunctionName")
    if not any(each["Arn"].endswith(f":function:{function}") for each in targets):
        return wrong("the rule does not invoke detect", SET_BACK)
    if not all("DeadLetterConfig" in each for each in targets):
        return wrong("the rule keeps no event that it can not hand over", SET_BACK)
    return fine("the rule invokes detect, and keeps what it can not hand over")


def _rule_permission(site: Site) -> Found:
    arn = _rule(site)["Arn"]
    function = site.client("lambda")
    try:
        policy = json.loads(function.get_policy(FunctionName=site.output("DetectFunctionName"))["Policy"])
    except function.exceptions.ResourceNotFoundException:
        policy = {"Statement": []}
    if any(_lets_in(each, arn) for each in policy["Statement"]):
        return fine("EventBridge may invoke detect")
    return wrong("EventBridge may not invoke detect", SET_BACK)


def _lets_in(statement: dict[str, Any], rule: str) -> bool:
    source = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn")
    is_bus = statement.get("Principal", {}).get("Service") == "events.amazonaws.com"
    return statement["Effect"] == "Allow" and is_bus and source in (None, rule)


def _schedule(site: Site) -> Found:
    if not site.config.canary:
        return fine("there is none: canary is off in the config")
    if _read_schedule(site)["State"] != "ENABLED":
        return wrong("the canary's schedule is off", SET_BACK)
    return fine("the canary's schedule is on")


def _read_schedule(site: Site) -> dict[str, Any]:
    group, name = site.resource("CanaryGroup"), site.resource("CanarySchedule").rpartition("|")[2]
    scheduler = site.client("scheduler")
    try:
        schedule: dict[str, Any] = scheduler.get_schedule(GroupName=group, Name=name)
    except scheduler.exceptions.ResourceNotFoundException:
        raise Gone("the canary's schedule is gone") from None
    return schedule


def _canary(site: Site) -> Found:
    if not site.config.canary:
        return fine("there is none: canary is off in the config")
    if site.now - _read_schedule(site)["CreationDate"] < _TWO_CALLS:
        return fine("it is younger than two of its calls")
    points = site.client("cloudwatch").get_metric_statistics(
        Namespace="Thingwatch",
        MetricName="SecondsToCanary",
        Dimensions=[{"Name": "Stack", "Value": site.stack}],
        StartTime=site.now - _TWO_CALLS,
        EndTime=site.now + timedelta(minutes=1),
        Period=300,
        Statistics=["SampleCount", "Average"],
    )["Datapoints"]
    if not points:
        return wrong(
            "the canary's last two calls did not come back: Thingwatch hears of no call",
            "aws cloudtrail lookup-events --max-results 3"
            " --lookup-attributes AttributeKey=EventName,AttributeValue=TagResource",
        )
    seconds = max(each["Average"] for each in points)
    return fine(f"the canary's last calls came back within {seconds:.0f} seconds")


CHECKS = tuple(
    Check(name, severity, why, look)
    for name, severity, why, look in (
        ("credentials", Severity.HIGH, "nothing can be looked at without", _credentials),
        ("clock", Severity.LOW, "AWS refuses calls of a machine whose clock is wrong", _clock),
        ("config", Severity.MEDIUM, "a faulty config can not be deployed", _config),
        ("stack", Severity.CRITICAL, "a stack that is half there may tell nobody", _stack),
        (
            "deployed-config",
            Severity.MEDIUM,
            "what is in the file but not deployed does nothing",
            _deployed_config,
        ),
        (
            "trail",
            Severity.CRITICAL,
            "CloudTrail tells EventBridge of API calls only where a trail logs",
            _trail,
        ),
        ("rule", Severity.CRITICAL, "it brings API calls to detect", _rule_enabled),
        ("rule-pattern", Severity.HIGH, "a call that it does not take is not judged", _rule_pattern),
        ("rule-target", Severity.CRITICAL, "without it no call is judged", _rule_target),
        ("rule-permission", Severity.CRITICAL, "without it no call is judged", _rule_permission),
        (
            "canary-schedule",
            Severity.HIGH,
            "it makes the call that shows that Thingwatch is not deaf",
            _schedule,
        ),
        ("canary", Severity.CRITICAL, "it is the whole way in, tried out", _canary),
    )
)
