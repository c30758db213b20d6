"""What MiniStack leaves out of CloudWatch: metrics in the functions' logs, the dimensions of an alarm, events
of its states, and composite alarms in CloudFormation.
"""

import json
from contextvars import ContextVar
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch, lambda_svc
from ministack.services.cloudformation import provisioners

from . import events, pinned

_looks_at: ContextVar[str | None] = ContextVar("looks_at", default=None)

_COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
_FAILED = 400


def install() -> None:
    """Mend metrics and alarms."""
    pinned.function(cloudwatch, "record_metric", "namespace, metric_name, value, unit, dimensions")
    pinned.attribute(cloudwatch, "_alarms")
    _read_logs()
    _look_at_dimensions()
    _know_composite_alarms()
    _tell_the_bus()


def _read_logs() -> None:
    """Lines of a function's log that are in the embedded metric format become metrics."""

    def emit(func: Any, request_id: str, log_text: str, *others: Any, **named: Any) -> None:
        original(func, request_id, log_text, *others, **named)
        for line in (log_text or "").splitlines():
            if line.startswith('{"_aws"'):
                _record(json.loads(line))

    parameters = "func, request_id, log_text, error, duration_ms, log_source"
    original = pinned.replace(lambda_svc, "_emit_lambda_logs", parameters, emit)


def _record(line: dict[str, Any]) -> None:
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            place = {name: line[name] for name in names}
            for metric in directive["Metrics"]:
                for value in line[metric["Name"]]:
                    cloudwatch.record_metric(
                        directive["Namespace"], metric["Name"], value, metric["Unit"], place
                    )
        _evaluate(directive["Namespace"], {metric["Name"] for metric in directive["Metrics"]})


def _evaluate(namespace: str, names: set[str]) -> None:
    """Look at the alarms of these metrics; at all of them with each line, a storm would take for ever."""
    for alarm in list(cloudwatch._alarms.values()):
        if alarm.get("Namespace") == namespace and alarm.get("MetricName") in names:
            cloudwatch._evaluate_alarm(alarm)


class _Metrics(AccountRegionScopedDict):  # type: ignore[misc]
    """The metrics; the alarm that is evaluated sees those of its dimensions alone."""

    def items(self) -> list[tuple[Any, Any]]:
        wanted = _looks_at.get()
        return [each for each in super().items() if wanted is None or each[0][2] == wanted]


def _look_at_dimensions() -> None:
    """An alarm looks at the metric of its dimensions; MiniStack's looks at all of that name."""
    pinned.attribute(cloudwatch, "_metrics")
    pinned.function(cloudwatch, "_dims_key", "dims")
    pinned.function(cloudwatch, "_dims_from_list", "dimensions")
    cloudwatch._metrics = _Metrics()

    def evaluate(alarm: dict[str, Any]) -> None:
        dimensions = cloudwatch._dims_from_list(alarm.get("Dimensions") or [])
        token = _looks_at.set(cloudwatch._dims_key(dimensions))
        try:
            original(alarm)
        finally:
            _looks_at.reset(token)

    original = pinned.replace(cloudwatch, "_evaluate_alarm", "alarm", evaluate)


def _tell_the_bus() -> None:
    """Each change of an alarm's state is an event on the default bus, in CloudWatch's form."""

    def dispatch(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
        original(alarm, old_state, new_state, reason)
        detail = {
            "alarmName": alarm["AlarmName"],
            "state": {"value": new_state, "reason": reason},
            "previousState": {"value": old_state},
            "configuration": {"description": alarm.get("AlarmDescription", "")},
        }
        events.publish(
            source="aws.cloudwatch",
            detail_type="CloudWatch Alarm State Change",
            detail=detail,
            resources=[alarm["AlarmArn"]],
        )

    parameters = "alarm, old_state, new_state, reason"
    original = pinned.replace(cloudwatch, "_dispatch_alarm_actions", parameters, dispatch)


def _know_composite_alarms() -> None:
    """`AWS::CloudWatch::CompositeAlarm`, as far as the API knows it."""
    handlers = pinned.attribute(provisioners, "_RESOURCE_HANDLERS")
    if _COMPOSITE in handlers:
        raise pinned.MiniStackChangedError(_COMPOSITE)
    pinned.function(cloudwatch, "_put_composite_alarm", "params, cbor_data, is_cbor, is_json")
    pinned.attribute(cloudwatch, "_composite_alarms")

    def put(props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        status, _headers, body = cloudwatch._put_composite_alarm({}, props, False, True)  # noqa: FBT003
        if status >= _FAILED:
            raise ValueError(body.decode() if isinstance(body, bytes) else str(body))
        name = props["AlarmName"]
        return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}

    def created(_logical_id: str, props: dict[str, Any], _stack_name: str) -> tuple[str, dict[str, Any]]:
        return put(props)

    def updated(
        _physical_id: str, _old: dict[str, Any], new: dict[str, Any], _stack_name: str
    ) -> tuple[str, dict[str, Any]]:
        return put(new)

    def deleted(physical_id: str, _props: dict[str, Any]) -> None:
        cloudwatch._composite_alarms.pop(physical_id, None)

    handlers[_COMPOSITE] = {"create": created, "update": updated, "delete": deleted}
