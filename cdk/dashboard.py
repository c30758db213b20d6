"""The dashboard: is it alive, how loud is it, how late, and what is stuck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from cdk.alarms import Alarms
from cdk.context import Settings
from cdk.delivery import Delivery
from cdk.detection import Detection
from cdk.summaries import Summaries
from handlers.core.metrics import DESTINATION, NAMESPACE, STACK

_WIDTH = 24
_FATES = ("Told", "Held", "Muted", "Suppressed", "Rollups")


class Dashboard(Construct):
    """Four rows, each the answer to a question; a row of text names it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alarms: Alarms,
        detection: Detection,
        summaries: Summaries,
        delivery: Delivery,
        has_canary: bool,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stack = settings.stack_name
        self._destinations = list(delivery.queues)
        board = cloudwatch.Dashboard(
            self,
            "Dashboard",
            # Dashboards of all Regions of an account share their names.
            dashboard_name=f"{settings.stack_name}-{Stack.of(self).region}",
            default_interval=Duration.hours(12),
            period_override=cloudwatch.PeriodOverride.AUTO,
        )
        board.add_widgets(_question("Is it alive?"))
        board.add_widgets(self._show_alarms(alarms), self._show_judged(detection, has_canary=has_canary))
        board.add_widgets(_question("How loud is it?"))
        board.add_widgets(
            _graph("Alerts, by what became of them", [self._ours(name) for name in _FATES], stacked=True),
            _graph("Sent, by destination", self._of_each("Sent"), stacked=True),
        )
        board.add_widgets(_question("How late is it?"))
        board.add_widgets(
            _graph(
                "Seconds from the call until it is judged",
                [self._ours("SecondsToJudge", each, each) for each in ("p50", "p99")],
            ),
            _graph(
                "Seconds from the call until its alert is sent, 99 of 100",
                self._of_each("SecondsToSend", "p99"),
            ),
        )
        board.add_widgets(_question("What is stuck?"))
        board.add_widgets(
            _graph("In the failure queues", _depths(detection, summaries, delivery), width=8),
            _graph("Waiting, by destination", _waiting(delivery), width=8),
            _graph(
                "Tried again: seconds of the oldest", self._of_each("SecondsOfRetries", "Maximum"), width=8
            ),
        )

    def _show_alarms(self, alarms: Alarms) -> cloudwatch.IWidget:
        return cloudwatch.AlarmStatusWidget(
            title="Alarms", alarms=[alarms.unwell, *alarms.alarms], width=_WIDTH // 2, height=6
        )

    def _show_judged(self, detection: Detection, *, has_canary: bool) -> cloudwatch.IWidget:
        rule = {"RuleName": detection.rule.rule_name}
        matched = _metric("AWS/Events", "MatchedEvents", rule, "Sum", "matched by the rule")
        canary = self._ours("SecondsToCanary", "SampleCount", "calls of the canary")
        return _graph("Records", [self._ours("Judged"), matched, *([canary] if has_canary else [])])

    def _ours(self, name: str, statistic: str = "Sum", label: str | None = None) -> cloudwatch.IMetric:
        return _metric(NAMESPACE, name, {STACK: self._stack}, statistic, label or name.lower())

    def _of_each(self, name: str, statistic: str = "Sum") -> list[cloudwatch.IMetric]:
        return [
            _metric(NAMESPACE, name, {STACK: self._stack, DESTINATION: each}, statistic, each)
            for each in self._destinations
        ]


def _question(text: str) -> cloudwatch.IWidget:
    return cloudwatch.TextWidget(markdown=f"## {text}", width=_WIDTH, height=1)


def _graph(
    title: str, metrics: Sequence[cloudwatch.IMetric], *, stacked: bool = False, width: int = _WIDTH // 2
) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=metrics,
        stacked=stacked,
        width=width,
        height=6,
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
    )


def _depths(detection: Detection, summaries: Summaries, delivery: Delivery) -> list[cloudwatch.IMetric]:
    queues = {
        "refused alerts": delivery.dead_letters,
        "events not judged": detection.detect_failures,
        "events not handed over": detection.handover_failures,
        "rollups not told": summaries.dead_letters,
    }
    name = "ApproximateNumberOfMessagesVisible"
    return [
        _metric("AWS/SQS", name, {"QueueName": queue.queue_name}, "Maximum", label)
        for label, queue in queues.items()
    ]


def _waiting(delivery: Delivery) -> list[cloudwatch.IMetric]:
    name = "ApproximateNumberOfMessagesVisible"
    return [
        _metric("AWS/SQS", name, {"QueueName": queue.queue_name}, "Maximum", each)
        for each, queue in delivery.queues.items()
    ]


def _metric(
    namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, label: str
) -> cloudwatch.IMetric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        label=label,
        period=Duration.minutes(5),
    )
