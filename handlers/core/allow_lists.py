"""The operator's allow lists, and what a call names that is on none of them.

Ambiguous addresses count as foreign, so that tricks in their writing can not bypass the lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

_ACCOUNT_IN_ARN = re.compile(r"arn:aws[a-z-]{0,20}:[a-z0-9-]{0,40}:[a-z0-9-]{0,30}:([0-9]{12}):")
_ACCOUNT_IN_QUEUE_URL = re.compile(r"/([0-9]{12})/")
_ACCOUNT = re.compile(r"[0-9]{12}")
_NAMES_OF_ACCOUNTS = ("account", "Account", "ccounts", "ccountId", "ccountIds")

_SCHEME = re.compile(r"\b(?P<scheme>https?:/|[a-z][a-z0-9+.-]{1,15}:/(?=/))/{0,2}", re.IGNORECASE)
_AUTHORITY = re.compile(r"[^/?#\s\"<>]{0,300}")
# A host, perhaps a port, and then only what ends an address in a text: quotes, brackets, the next address.
_HOST = re.compile(
    r"(?P<host>[a-z0-9.-]{1,253}?)\.?(:[0-9]{1,5})?(?![a-z0-9.:%-])"
    r"(?=['`,;)\]}|]{0,8}(?:[,|]'?[a-z0-9]{1,15}:?)?$|\\(?:[nrt\\]|$))"
)
# Some programs drop these inside an address and read on.
_DROPPED = re.compile(r"[\t\r\n][.@:-]")
_BUCKET_IN_ARN = re.compile(r"arn:aws[a-z-]{0,20}:s3:::([^/\s\"'*?,\]]{1,255})")
_NAMES_OF_BUCKETS = ("bucket", "bucketname")
_NAMES_OF_SERVERS = frozenset({"bootstrap.servers"})
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html, and its FIPS, dual-stack,
# website, accelerate and access point forms, which all say s3 in the label after the name.
_S3_HOST = re.compile(r"(?:(.+)\.)?s3[a-z0-9-]*(?:\.dualstack)?(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?")
_AWS_ENDPOINT = re.compile(r"[a-z0-9-]+\.[a-z]{2}(?:-[a-z]+)+-[0-9]\.amazonaws\.com(?:\.cn)?")
_HERE = frozenset({"localhost", "127.0.0.1"})

# What people write into these says nothing about access, where it is the service that named them.
_FREE_TEXT = ("tags", "attributePayload", "comment", "escription")
_NAMED_BY_CALLERS = frozenset({"documentParameters"})
_LONGEST_JSON = 200_000


@dataclass(frozen=True, slots=True)
class AllowLists:
    """Accounts, S3 buckets and web domains of the operator. An empty list of buckets or domains disables the
    check. A domain stands for itself and everything below it.
    """

    accounts: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()


EMPTY = AllowLists()
"""No lists: only the account of the record is ours."""


Texts = Collection[tuple[str, str]]
"""Pairs of parameter name and string, as `texts_of` finds them."""


def foreign_accounts(texts: Texts, account: str, allow_lists: AllowLists) -> list[str]:
    """The accounts that the texts name (in an ARN, a queue's URL, or as such) and that are not ours."""
    named = set()
    for name, value in texts:
        if "arn:aws" in value:
            named.update(_ACCOUNT_IN_ARN.findall(value))
        if len(value) == 12:
            if name.endswith(_NAMES_OF_ACCOUNTS) and _ACCOUNT.fullmatch(value):
                named.add(value)
        elif name == "queueUrl":
            named.update(_ACCOUNT_IN_QUEUE_URL.findall(value))
    return sorted(named - {account} - allow_lists.accounts) if named else []


def find_outside(texts: Texts, allow_lists: AllowLists) -> dict[str, list[str]]:
    """The buckets and web hosts that the texts name and that no list names: {buckets?, domains?}.

    The key of an empty list is absent.
    """
    if not allow_lists.buckets and not allow_lists.domains:
        return {}
    found: dict[str, set[str]] = {"buckets": set(), "domains": set(), "unclear": set()}
    for name, value in texts:
        for kind, place in _places(name, value):
            found[kind].add(place)
    foreign = {host for host in found["domains"] if not _ours(host, allow_lists)}
    outside = {
        "buckets": sorted(found["buckets"] - allow_lists.buckets) if allow_lists.buckets else [],
        "domains": sorted(found["unclear"] | foreign) if allow_lists.domains else [],
    }
    if not allow_lists.domains:
        outside["buckets"] += sorted(found["unclear"])
    return {kind: places for kind, places in outside.items() if places}


def _ours(host: str, allow_lists: AllowLists) -> bool:
    return host in _HERE or any(
        host == domain or host.endswith(f".{domain}") for domain in allow_lists.domains
    )


def _places(name: str, value: str) -> Iterator[tuple[str, str]]:
    if name.lower().endswith(_NAMES_OF_BUCKETS):
        yield "buckets", value
    if name in _NAMES_OF_SERVERS:
        yield from (("domains", server.strip().partition(":")[0]) for server in value.split(","))
    for bucket in _BUCKET_IN_ARN.findall(value):
        yield "buckets", bucket
    # Addresses may stand inside one another, so that each is looked for wherever the one before ends.
    for found in _SCHEME.finditer(value):
        scheme = found["scheme"].lower().partition(":")[0]
        yield from _address(scheme, value[found.end() : found.end() + 2048])


def _address(scheme: str, rest: str) -> Iterator[tuple[str, str]]:
    whole = _AUTHORITY.match(rest)
    authority = whole[0].lower() if whole else ""
    if scheme == "s3":
        yield "buckets", re.split(r"['`,;)\\]", authority)[0]
        return
    if scheme == "file":
        return
    readable = _HOST.match(authority)
    if readable is None or "@" in authority or _DROPPED.match(rest[len(authority) :]):
        # A user's name before an @, a backslash, a substitution: programs disagree on which host this is.
        yield "unclear", authority
        return
    host = readable["host"]
    if bucket := _S3_HOST.fullmatch(host):
        yield "buckets", bucket[1] or _first_segment(rest[len(authority) :])
    if not _AWS_ENDPOINT.fullmatch(host) and not bucket:
        yield "domains", host


def _first_segment(path: str) -> str:
    """The bucket of an address that names it in the path; all of the path where programs may disagree."""
    unquoted = unquote(path)
    if ".." in re.split(r"[/\\]", unquoted):
        return path
    return re.split(r"[/?#\s\"'`<>,;)\\]", unquoted.lstrip("/"))[0]


def texts_of(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every string of the parameters with its parameter's name; free text is left out.

    Text that is JSON is read: what a document says in escapes is what a device will read.
    """
    found: list[tuple[str, str]] = []
    pending: list[tuple[str, Any, bool]] = [("", parameters, True)]
    while pending:
        name, value, named_by_service = pending.pop()
        if isinstance(value, dict):
            trusted = named_by_service and name not in _NAMED_BY_CALLERS
            for key, inner in value.items():
                if not (trusted and key.endswith(_FREE_TEXT)):
                    pending.append((key, inner, trusted))
        elif isinstance(value, list):
            pending.extend([(name, item, named_by_service) for item in value])
        elif isinstance(value, str):
            inside = _read_json(value) if "{" in value or "[" in value else None
            if inside is None:
                found.append((name, value))
            else:
                pending.append((name, inside, False))
    return found


def _read_json(text: str) -> Any:
    """The object or list in a text; None where it holds none."""
    if not text.lstrip().startswith(("{", "[")) or len(text) > _LONGEST_JSON:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None
