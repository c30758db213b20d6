"""The pipeline's Protocols as one run sees them: each method is a call that the simulator plays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from handlers.core.alerts import Alert, Delivery, read_delivery, write_delivery
from handlers.core.destinations import Destination
from handlers.core.mutes import Mute, SavedMute
from handlers.core.rollups import HeldAlert, HeldAlerts, Summary, read_summary, write_summary
from handlers.pipeline import Claimed, TryAgain
from handlers.pipeline.outside import Head
from tests.simulation.world import Message, Task, World

T = TypeVar("T")

LONGEST_DELAY = timedelta(minutes=15)
"""The most that SQS delays a message."""


class Caller(Protocol):
    """The run whose calls these are."""

    world: World
    name: str
    task: Task

    def call(self, call: str, key: str, act: Callable[[], T], *, error: type[Exception] = ...) -> T:
        """Make a call, now or in an earlier execution of this run; its answer, or its error is raised."""


@dataclass(frozen=True, slots=True)
class Port:
    """Calls of one run."""

    run: Caller


class Buckets(Port):
    """See `telling.Buckets`."""

    __slots__ = ()

    def tell(self, key: str, alert_id: str, *, first: int, lapses: datetime) -> Head | None:
        store = self.run.world.buckets
        return self.run.call("tell", key, lambda: store.tell(key, alert_id, first=first, lapses=lapses))

    def hold(self, key: str, held: HeldAlert, *, lapses: datetime) -> None:
        world = self.run.world

        def act() -> None:
            world.held_at.setdefault((key, held.alert_id), world.now)
            world.buckets.hold(key, held, lapses=lapses)

        self.run.call("hold", key, act)

    def read(self, key: str) -> Head:
        return self.run.call("read head", key, lambda: self.run.world.buckets.read(key))

    def read_held(self, key: str) -> HeldAlerts:
        world = self.run.world
        before = self.run.call("count begins", key, lambda: world.buckets.read_held(key))
        return self.run.call("count", key, lambda: world.tear(before, world.buckets.read_held(key)))

    def begin_rollup(self, key: str, *, rolled: int, upto: int, lapses: datetime) -> bool:
        store = self.run.world.buckets
        return self.run.call(
            f"begin rollup {rolled}-{upto}",
            key,
            lambda: store.begin_rollup(key, rolled=rolled, upto=upto, lapses=lapses),
        )

    def end_rollup(self, key: str, *, upto: int) -> None:
        store = self.run.world.buckets
        self.run.call(f"end rollup -{upto}", key, lambda: store.end_rollup(key, upto=upto))


class Mutes(Port):
    """See `telling.Mutes`."""

    __slots__ = ()

    def read(self) -> Sequence[SavedMute]:
        return self.run.call("read mutes", "", self.run.world.mutes.read)

    def register(self, mute: Mute, audience: tuple[str, ...], alert: Alert) -> datetime:
        store = self.run.world.mutes
        return self.run.call(f"register {audience}", mute.name, lambda: store.register(mute, audience, alert))

    def put(self, mute: Mute) -> None:
        self.run.call(
            f"mute from {mute.begins:%T} to {mute.ends:%T}", mute.name, lambda: self.run.world.mutes.put(mute)
        )

    def end(self, mute: Mute, ends: datetime) -> SavedMute:
        store = self.run.world.mutes
        return self.run.call(f"end mute at {ends:%T}", mute.name, lambda: store.end(mute, ends))


class Deliveries(Port):
    """See `telling.DeliveryQueue`."""

    __slots__ = ()

    def send(self, deliveries: Sequence[Delivery]) -> None:
        world = self.run.world
        # SQS takes a batch in part: a call for each.
        for each in deliveries:
            work = read_delivery(write_delivery(each)) if world.story.is_whole else each

            def act(work: Delivery = work) -> None:
                world.sent_at.setdefault(work.alert.alert_id, world.now)
                world.queue("deliver", work.key, work)

            rollup = each.alert.rollup
            what = "alert" if rollup is None else f"rollup {rollup.before}+{rollup.count}"
            self.run.call(f"queue {what} for {each.destination}", each.alert.alert_id, act)


class Summaries(Port):
    """See `telling.SummaryQueue`."""

    __slots__ = ()

    def ask(self, summary: Summary, *, delay: timedelta) -> None:
        world, key = self.run.world, summary.bucket.key
        copy = read_summary(write_summary(summary)) if world.story.is_whole else summary
        self.run.call(
            f"ask for {summary.due:%T}",
            key,
            lambda: world.queue("summarise", key, copy, min(delay, LONGEST_DELAY)),
        )


class Claims(Port):
    """See `pipeline.Claims`."""

    __slots__ = ()

    def claim(self, key: str, *, owner: str, now: datetime, lease: timedelta) -> Claimed:
        store = self.run.world.claims
        return self.run.call("claim", key, lambda: store.claim(key, owner=owner, now=now, lease=lease))

    def confirm(self, key: str, *, now: datetime, keep: timedelta) -> None:
        store = self.run.world.claims
        self.run.call("confirm", key, lambda: store.confirm(key, now=now, keep=keep))

    def release(self, key: str, *, owner: str) -> None:
        store = self.run.world.claims
        self.run.call("release", key, lambda: store.release(key, owner=owner))


class Slack(Port):
    """See `delivery.Sender`."""

    __slots__ = ()

    def send(self, alerts: Sequence[Alert], destination: Destination) -> Sequence[Exception | None]:
        world, (alert,) = self.run.world, alerts
        message = Message(alert, destination.name, self.run.name)
        self.run.call(
            f"post to {destination.name}", alert.alert_id, lambda: world.slack.append(message), error=TryAgain
        )
        return [None]


class Retries(Port):
    """See `messages.Retries`."""

    __slots__ = ()

    def wait(self, receipt_handle: str, delay: timedelta) -> None:
        world, task = self.run.world, self.run.task

        def act() -> None:
            task.ready = world.now + delay

        self.run.call(f"hide for {delay}", receipt_handle, act)

    def give_up(self, body: str, reason: str) -> None:
        raise AssertionError(f"nothing here is undeliverable, but {body}: {reason}")


class Ports(NamedTuple):
    """All of one run."""

    buckets: Buckets
    mutes: Mutes
    deliveries: Deliveries
    summaries: Summaries
    claims: Claims
    slack: Slack
    retries: Retries


def open_ports(run: Caller) -> Ports:
    """The Protocols as this run sees them."""
    return Ports(
        Buckets(run), Mutes(run), Deliveries(run), Summaries(run), Claims(run), Slack(run), Retries(run)
    )
