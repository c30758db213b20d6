"""Asks AWS IoT what a call does not tell: at most a second long. An answer is kept for a minute, for calls
that were made before it.

What it calls is in `handlers.core.questions.OPERATIONS`; `cdk/stack.py` grants these.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from handlers.core.alerts import Answer, Question
from handlers.core.answers import Former, Page, tell_certificate, tell_policy, tell_template

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

MOST = 3
"""Questions of one run. AWS IoT allows ten calls a second of most of these operations, and the fleet's own
tools need them too: https://docs.aws.amazon.com/general/latest/gr/iot-core.html."""

BUDGET_SECONDS = 1.0
"""An alert does not wait longer for what is good to know."""

KEPT = timedelta(minutes=1)

_PAGE = 250
"""The longest that these operations give."""

_Answers = tuple[Answer, ...]

logger = logging.getLogger("deliver")


def _now() -> datetime:
    return datetime.now(UTC)


class IotAnswers:
    """Answers questions about the resources of one account and Region."""

    def __init__(self, make_client: Callable[[], IoTClient], *, clock: Callable[[], datetime] = _now) -> None:
        self._make_client = make_client
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=MOST)
        self._asked: dict[Question, tuple[datetime, Future[_Answers]]] = {}

    @cached_property
    def _client(self) -> IoTClient:
        return self._make_client()

    def ask(self, questions: Mapping[Question, datetime]) -> Mapping[Question, _Answers]:
        """What AWS IoT answers in time; of any other question why there is no answer."""
        now = self._clock()
        self._asked = {
            each: (asked, future)
            for each, (asked, future) in self._asked.items()
            if now < asked + KEPT
            and (each not in questions or questions[each] < asked)
            and not (future.done() and future.exception())
        }
        for question in list(questions)[:MOST]:
            if question not in self._asked:
                self._asked[question] = (now, self._pool.submit(_look_up, self._client, question))
        futures = {each: self._asked[each][1] for each in questions if each in self._asked}
        wait(futures.values(), timeout=BUDGET_SECONDS)
        return {each: _tell(futures[each]) if each in futures else _MANY for each in questions}


def _unanswered(why: str) -> _Answers:
    return (Answer("Not looked up", why),)


_MANY = _unanswered("too many alerts came at once")
_LATE = _unanswered("AWS IoT did not answer within a second")


def _tell(future: Future[_Answers]) -> _Answers:
    if not future.done():
        return _LATE
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        return _LATE
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        gone = code == "ResourceNotFoundException"
        return _unanswered("AWS IoT no longer has it" if gone else f"AWS IoT answered {code}")
    if not isinstance(error, BotoCoreError):
        logger.error("an answer of AWS IoT was not understood", exc_info=error)
    return _unanswered(f"AWS IoT could not be asked: {type(error).__name__}")


def _look_up(client: IoTClient, question: Question) -> _Answers:
    if question.about == "certificate":
        return _look_up_certificate(client, question.name)
    version = str(question.version)
    if question.about == "template":
        return _look_up_template(client, question.name, version)
    return _look_up_policy(client, question.name, version)


def _look_up_policy(client: IoTClient, name: str, version: str) -> _Answers:
    def read(wanted: str) -> str:
        return client.get_policy_version(policyName=name, policyVersionId=wanted)["policyDocument"]

    versions = client.list_policy_versions(policyName=name)["policyVersions"]
    defaults = {each["versionId"]: each["isDefaultVersion"] for each in versions}
    targets = client.list_targets_for_policy(policyName=name, pageSize=_PAGE)
    return tell_policy(
        read(version),
        _find_former(defaults, version, read),
        _page(targets["targets"], targets.get("nextMarker")),
    )


def _look_up_template(client: IoTClient, name: str, version: str) -> _Answers:
    def read(wanted: str) -> str:
        described = client.describe_provisioning_template_version(templateName=name, versionId=int(wanted))
        return described["templateBody"]

    versions = client.list_provisioning_template_versions(templateName=name, maxResults=_PAGE)["versions"]
    defaults = {str(each["versionId"]): each["isDefaultVersion"] for each in versions}
    return tell_template(read(version), _find_former(defaults, version, read))


def _look_up_certificate(client: IoTClient, arn: str) -> _Answers:
    things = client.list_principal_things(principal=arn, maxResults=_PAGE)
    policies = client.list_attached_policies(target=arn, pageSize=_PAGE)
    names = [each["policyName"] for each in policies["policies"]]
    return tell_certificate(
        _page(things["things"], things.get("nextToken")), _page(names, policies.get("nextMarker"))
    )


def _find_former(defaults: Mapping[str, bool], version: str, read: Callable[[str], str]) -> Former | None:
    """The version to compare with: the default one, or else the newest beside this one."""
    others = [each for each in defaults if each != version]
    if not others:
        return None
    former = max(others, key=lambda each: (defaults[each], int(each)))
    return Former(former, read(former), is_in_force=defaults[former])


def _page(names: Sequence[str], more: str | None) -> Page:
    return Page(names, is_last=not more)
