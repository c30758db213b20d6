"""The functions, what feeds them, and what they remember."""

from __future__ import annotations

from datetime import timedelta

from cli.doctor.check import SET_BACK, Check, Found, fine, wrong
from cli.doctor.site import Site
from handlers.core.severity import Severity
from handlers.core.text import say_count

_AN_HOUR = timedelta(hours=1)
_FEW_RUNS = 10


def _active(site: Site) -> Found:
    for name, function in site.functions().items():
        try:
            found = site.client("lambda").get_function_configuration(FunctionName=function)
        except site.client("lambda").exceptions.ResourceNotFoundException:
            return wrong(f"{name} is gone", SET_BACK)
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        if (state, update) != ("Active", "Successful"):
            return wrong(
                f"{name} is {state}, its last update {update}",
                f"aws lambda get-function --function-name {function}",
            )
    return fine("detect, summarise and deliver are active")


def _not_switched_off(site: Site) -> Found:
    for name, function in site.functions().items():
        found = site.client("lambda").get_function_concurrency(FunctionName=function)
        if found.get("ReservedConcurrentExecutions") == 0:
            return wrong(
                f"{name} is switched off by a reserved concurrency of 0",
                f"aws lambda delete-function-concurrency --function-name {function}",
            )
    return fine("none is switched off")


def _sum_of(site: Site, metric: str, function: str) -> int:
    points = site.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=site.now - _AN_HOUR,
        EndTime=site.now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return int(sum(each["Sum"] for each in points))


def _errors(site: Site) -> Found:
    for name, function in site.functions().items():
        if count := _sum_of(site, "Errors", function):
            return wrong(
                f"{name} failed {say_count(count, 'time')} in the last hour",
                f"aws logs tail {site.resource(_LOGS[name])} --since 1h --filter-pattern ERROR",
            )
    return fine("no run failed in the last hour")


_LOGS = {
    "detect": "DetectionDetectLogs",
    "summarise": "SummariesSummariseLogs",
    "deliver": "DeliveryDeliverLogs",
}


def _throttles(site: Site) -> Found:
    for name, function in site.functions().items():
        if count := _sum_of(site, "Throttles", function):
            return wrong(
                f"{name} was throttled {say_count(count, 'time')} in the last hour",
                "aws lambda get-account-settings",
            )
    return fine("none was throttled in the last hour")


def _headroom(site: Site) -> Found:
    limit = site.client("lambda").get_account_settings()["AccountLimit"]
    free = limit["UnreservedConcurrentExecutions"]
    needed = _FEW_RUNS + 2 * len(site.delivery_queues())
    if free < needed:
        return wrong(
            f"the account lets {free} functions run at a time; when it is loud, {needed} are needed",
            "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384"
            " --desired-value 1000",
        )
    return fine(f"the account lets {free} functions run at a time")


def _fed(site: Site) -> Found:
    pages = site.client("lambda").get_paginator("list_event_source_mappings").paginate()
    mappings = {
        # Those of other sources than queues need not have an ARN.
        (
            each.get("EventSourceArn", "").rpartition(":")[2],
            each.get("FunctionArn", "").rpartition(":")[2],
        ): each
        for page in pages
        for each in page["EventSourceMappings"]
    }
    deliver, summarise = site.output("DeliverFunctionName"), site.output("SummariseFunctionName")
    readers = {name: (url, deliver) for name, url in site.delivery_queues().items()}
    readers["summaries"] = (site.output("SummaryQueueUrl"), summarise)
    for name, (url, function) in readers.items():
        found = mappings.get((url.rpartition("/")[2], function))
        if found is None:
            return wrong(f"nobody takes from the queue of {name}", SET_BACK)
        if found["State"] not in ("Enabled", "Creating", "Updating", "Enabling"):
            return wrong(
                f"nobody takes from the queue of {name}: its mapping is {found['State']}",
                f"aws lambda update-event-source-mapping --uuid {found['UUID']} --enabled",
            )
    return fine(f"Lambda takes from all {len(readers)} queues")


def _keeps_failures(site: Site) -> Found:
    function = site.client("lambda")
    name = site.output("DetectFunctionName")
    try:
        found = function.get_function_event_invoke_config(FunctionName=name, Qualifier="$LATEST")
    except function.exceptions.ResourceNotFoundException:
        found = {}
    if "Destination" not in found.get("DestinationConfig", {}).get("OnFailure", {}):
        return wrong("events that detect fails on are kept nowhere", SET_BACK)
    return fine("events that detect fails on are kept")


def _table(site: Site) -> Found:
    dynamodb, name = site.client("dynamodb"), site.output("StateTable")
    try:
        status = dynamodb.describe_table(TableName=name)["Table"]["TableStatus"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return wrong("the table of windows, claims and mutes is gone", SET_BACK)
    if status not in ("ACTIVE", "UPDATING"):
        return wrong(f"the table is {status}", f"aws dynamodb describe-table --table-name {name}")
    return fine("the table of windows, claims and mutes is there")


def _lapsing(site: Site) -> Found:
    name = site.output("StateTable")
    found = site.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if (found.get("TimeToLiveStatus"), found.get("AttributeName")) != ("ENABLED", "lapses"):
        return wrong(
            "the table forgets nothing, so it grows for ever",
            f"aws dynamodb update-time-to-live --table-name {name}"
            " --time-to-live-specification Enabled=true,AttributeName=lapses",
        )
    return fine("what has lapsed goes from the table")


CHECKS = tuple(
    Check(name, severity, why, look)
    for name, severity, why, look in (
        ("functions", Severity.CRITICAL, "they judge, count and send", _active),
        (
            "functions-on",
            Severity.CRITICAL,
            "a function that may not run does nothing, and no run fails",
            _not_switched_off,
        ),
        ("errors", Severity.MEDIUM, "what a run fails on is tried again, and in the end kept", _errors),
        (
            "throttles",
            Severity.MEDIUM,
            "what is throttled comes late, after six hours not at all",
            _throttles,
        ),
        ("concurrency", Severity.MEDIUM, "Lambda throttles what runs beyond it", _headroom),
        ("queues-read", Severity.CRITICAL, "what nobody takes from a queue is not told", _fed),
        ("failures-kept", Severity.HIGH, "else an event that can not be judged is lost", _keeps_failures),
        ("table", Severity.CRITICAL, "without it nothing is told", _table),
        ("table-lapses", Severity.LOW, "old claims and windows would cost money for ever", _lapsing),
    )
)
