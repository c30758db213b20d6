"""What is the operator's own, by the lists in config, and what a call names that is not.

An address that can not be read for certain counts as foreign: a list that says what is ours is worth
nothing if a trick in the writing gets around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ACCOUNT_IN_ARN = re.compile(r"arn:aws[a-z-]{0,20}:[a-z0-9-]{0,40}:[a-z0-9-]{0,30}:([0-9]{12}):")
_ACCOUNT_IN_QUEUE_URL = re.compile(r"/([0-9]{12})/")
_ACCOUNT = re.compile(r"[0-9]{12}")
_NAMES_OF_ACCOUNTS = ("account", "Account", "ccounts", "ccountId", "ccountIds")

# An address ends where a JSON text, a sentence or a template would end it.
_ADDRESS = re.compile(r"\b(https?|s3)://([^\s\"'<>]{1,2048})", re.IGNORECASE)
_BUCKET_IN_ARN = re.compile(r"arn:aws[a-z-]{0,20}:s3:::([^/\s\"'*?,\]]{1,255})")
_NAMES_OF_BUCKETS = frozenset({"bucket", "bucketname", "s3bucket", "s3bucketname", "registrys3bucketname"})
_AWS_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
_S3_HOST = re.compile(r"(?:(.+)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?")
_AWS_ENDPOINT = re.compile(r"[a-z0-9-]+\.[a-z]{2}(?:-[a-z]+)+-[0-9]\.amazonaws\.com(?:\.cn)?")
_HOST = re.compile(r"[a-z0-9.-]+")

# What people write into these says nothing about access.
_FREE_TEXT = frozenset({"tags", "attributePayload", "description", "comment"})


@dataclass(frozen=True, slots=True)
class Own:
    """The operator's allow lists. An empty list of buckets or domains means that nothing is said of them.

    A domain stands for itself and everything below it.
    """

    accounts: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()


NOTHING = Own()
"""No lists: only the account of the record is ours."""


def foreign_accounts(parameters: Mapping[str, Any], account: str, own: Own) -> list[str]:
    """The accounts that the parameters name (in an ARN, a queue's URL, or as such) and that are not ours."""
    return sorted(set(_accounts(parameters)) - {account} - own.accounts)


def find_outside(parameters: Mapping[str, Any], own: Own) -> dict[str, list[str]]:
    """The buckets and web hosts that the parameters name and that no list names: {buckets?, domains?}.

    A list that is empty in config says nothing, so its key is absent then.
    """
    if not own.buckets and not own.domains:
        return {}
    found: dict[str, set[str]] = {"buckets": set(), "domains": set()}
    for name, value in _texts(parameters):
        for kind, place in _places(name, value):
            found[kind].add(place)
    outside = {
        "buckets": sorted(found["buckets"] - own.buckets) if own.buckets else [],
        "domains": sorted(host for host in found["domains"] if not _ours(host, own)) if own.domains else [],
    }
    return {kind: places for kind, places in outside.items() if places}


def _ours(host: str, own: Own) -> bool:
    readable = _HOST.fullmatch(host) is not None
    return readable and any(host == domain or host.endswith(f".{domain}") for domain in own.domains)


def _places(name: str, value: str) -> Iterator[tuple[str, str]]:
    if name.lower() in _NAMES_OF_BUCKETS:
        yield "buckets", value
    for bucket in _BUCKET_IN_ARN.findall(value):
        yield "buckets", bucket
    for scheme, rest in _ADDRESS.findall(value):
        yield from _address(scheme.lower(), rest)


def _address(scheme: str, rest: str) -> Iterator[tuple[str, str]]:
    authority, _, path = rest.partition("/")
    if scheme == "s3":
        yield "buckets", authority
        return
    host = re.split(r"[?#]", authority)[0].partition(":")[0].lower().rstrip(".")
    if not _HOST.fullmatch(host):
        # A user's name before an @, a backslash, a substitution: programs disagree on which host this is.
        yield "domains", authority
    elif host.endswith(_AWS_SUFFIXES) and (bucket := _S3_HOST.fullmatch(host)):
        yield "buckets", bucket[1] or path.partition("/")[0]
    elif not _AWS_ENDPOINT.fullmatch(host):
        yield "domains", host


def _texts(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of the parameters with the name that it stands under, but for what people write freely."""
    pending: list[tuple[str, Any]] = [("", parameters)]
    while pending:
        name, value = pending.pop()
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict):
            pending.extend([item for item in value.items() if item[0] not in _FREE_TEXT])
        elif isinstance(value, list):
            pending.extend([(name, item) for item in value])


def _accounts(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, value in _texts(parameters):
        if "arn:aws" in value:
            yield from _ACCOUNT_IN_ARN.findall(value)
        elif name == "queueUrl":
            yield from _ACCOUNT_IN_QUEUE_URL.findall(value)
        elif len(value) == 12 and name.endswith(_NAMES_OF_ACCOUNTS) and _ACCOUNT.fullmatch(value):
            yield value
