"""A test alert, sent by the real way out: the queue of a destination, `deliver`, Slack or SNS."""

from __future__ import annotations

from typing import Any

from cli.deployment import NotReached
from cli.doctor.site import Site
from cli.redrive import DESTINATION_TAG
from handlers.core.alerts import Actor, Alert, Delivery, write_delivery
from handlers.core.digest import digest
from handlers.core.severity import Severity


def send_test(destination: str, site: Site) -> str:
    """Leave a test alert in the queue of a destination; its short id, by which it is found there.

    Raises `NotReached`.
    """
    sqs = site.client("sqs")
    # By their tags: the outputs have names without hyphens.
    queues = {_name_of(url, sqs): url for url in site.delivery_queues().values()}
    url = queues.get(destination)
    if url is None:
        raise NotReached(
            f"the stack has no destination {destination}; it has {', '.join(sorted(queues)) or 'none'}"
        )
    alert = _make_alert(destination, site)
    sqs.send_message(QueueUrl=url, MessageBody=write_delivery(Delivery(alert, destination)))
    return alert.short_id


def _name_of(url: str, sqs: Any) -> str:
    return str(sqs.list_queue_tags(QueueUrl=url).get("Tags", {}).get(DESTINATION_TAG, ""))


def _make_alert(destination: str, site: Site) -> Alert:
    caller = site.client("sts").get_caller_identity()
    name = str(caller["Arn"]).rpartition("/")[2] or str(caller["Arn"])
    # Another one each time: what was told before is not told again.
    identifier = digest("test", destination, site.now.isoformat())
    return Alert(
        alert_id=identifier,
        dedup_key=identifier,
        severity=Severity.INFORMATIONAL,
        rule="test",
        operation=None,
        category="test",
        title=f"Test of {site.stack}",
        title_of_many="",
        reasons=("somebody ran `thingwatch doctor --send-test`; nothing happened",),
        subject=None,
        shown={},
        error=None,
        runbook=(),
        attack=(),
        actor=Actor(kind="unknown", id=str(caller["Arn"]), name=name, session=None),
        account=str(caller["Account"]),
        region=site.region,
        time=site.now,
        source_ip="",
        event_id="",
    )
