"""CloudWatch in the embedded AWS: the parts that we mend."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from local.aws import EmbeddedAws
from local.waiting import wait_until
from tests.local.test_embedded_cloudformation import deploy

LINE = """
    import json
    def handler(event, context):
        print("beside it")
        directive = {"Namespace": "N", "Dimensions": [["Of"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}
        about = {"Timestamp": 0, "CloudWatchMetrics": [directive]}
        print(json.dumps({"_aws": about, "Of": "a", "M": [2, 3]}))
"""


def state_of(aws: EmbeddedAws, name: str) -> str:
    found: Any = aws.client("cloudwatch").describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    (alarm,) = found["MetricAlarms"] + found["CompositeAlarms"]
    return str(alarm["StateValue"])


def put_alarm(aws: EmbeddedAws, of: str) -> None:
    """An alarm of this name that is on when the metric of this name is two or more."""
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=of,
        Namespace="N",
        MetricName="M",
        Dimensions=[{"Name": "Of", "Value": of}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )


def test_a_line_of_a_functions_log_becomes_a_metric_and_turns_its_alarm_on_and_no_other(
    aws: EmbeddedAws, make_function: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    put_alarm(aws, "a")
    put_alarm(aws, "b")
    make_function(LINE)
    invoke()
    now = datetime.now(UTC)
    found: Any = aws.client("cloudwatch").get_metric_statistics(
        Namespace="N",
        MetricName="M",
        Dimensions=[{"Name": "Of", "Value": "a"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )
    (point,) = found["Datapoints"]
    assert (5, 2) == (point["Sum"], point["SampleCount"])
    wait_until(lambda: state_of(aws, "a") == "ALARM")
    assert "INSUFFICIENT_DATA" == state_of(aws, "b")


def test_a_composite_alarm_of_a_stack_is_on_when_one_of_its_alarms_is_and_goes_with_the_stack(
    aws: EmbeddedAws,
) -> None:
    put_alarm(aws, "a")
    properties = {"AlarmName": "all", "AlarmRule": 'ALARM("a")'}
    outputs = deploy(
        aws,
        {"All": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": properties}},
        {"Name": {"Ref": "All"}, "Arn": {"Fn::GetAtt": ["All", "Arn"]}},
    )
    assert ("all", True) == (outputs["Name"], outputs["Arn"].endswith(":alarm:all"))
    aws.client("cloudwatch").put_metric_data(
        Namespace="N",
        MetricData=[{"MetricName": "M", "Dimensions": [{"Name": "Of", "Value": "a"}], "Value": 2}],
    )
    wait_until(lambda: state_of(aws, "all") == "ALARM")
    aws.client("cloudformation").delete_stack(StackName="stack")
    wait_until(
        lambda: (
            aws.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []
        )
    )
