"""Events of our own alarms."""

from typing import Any

from tests.support.records import ACCOUNT, REGION

SAYS = "secops refused alerts for good. See why: thingwatch redrive --stack Thingwatch"


def make_alarm(
    state: str = "ALARM", *, before: str = "OK", says: Any = SAYS, **envelope: Any
) -> dict[str, Any]:
    """As CloudWatch puts it on the bus, as far as it is read."""
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": "2026-11-22T09:30:15Z",
        "region": REGION,
        "resources": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:Thingwatch/refused-secops"],
        "detail": {
            "alarmName": "Thingwatch/refused-secops",
            "state": {"value": state, "reason": "Threshold Crossed"},
            "previousState": {"value": before},
            "configuration": {"description": says},
        },
        **envelope,
    }
