import json
import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.policy.difference import MOST_ALLOWANCES, Allowance, added_allowances

TOPICS = "arn:aws:iot:eu-west-1:111122223333:topic"
NEW = "no statement of the old version allowed it"
FREED = "a Deny of the old version kept it back and is gone or narrower"

ACTIONS = ["iot:a", "iot:b", "iot:ab"]
ACTION_PATTERNS = [*ACTIONS, "iot:?", "iot:a*", "IOT:*", "*"]
RESOURCES = ["x", "y", "xx", "xy", "yx"]
RESOURCE_PATTERNS = ["x", "y", "?", "x*", "*y", "*", "${v}", "${v}*", "x${v}"]
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"Bool": {"p": "true"}},
    {"Bool": {"p": True}, "StringLike": {"q": "1"}},
]

STATEMENTS = st.builds(
    lambda effect, action, actions, resource, resources, condition: {
        "Effect": effect,
        action: actions,
        resource: resources,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["Action", "Action", "NotAction"]),
    st.lists(st.sampled_from(ACTION_PATTERNS), min_size=1, max_size=2),
    st.sampled_from(["Resource", "Resource", "NotResource"]),
    st.lists(st.sampled_from(RESOURCE_PATTERNS), min_size=1, max_size=2),
    st.sampled_from(CONDITIONS),
)
DOCUMENTS = st.builds(
    lambda version, statements: {"Version": version, "Statement": statements},
    st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"]),
    st.lists(STATEMENTS, max_size=3),
)


def allow(action: Any, resource: Any, **further: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **further}


def deny(action: Any, resource: Any, **further: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **further}


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def allows(
    document: dict[str, Any], action: str, resource: str, variable: str, true_keys: frozenset[str]
) -> bool:
    """IAM's evaluation: a Deny wins, and without an Allow nothing is allowed."""
    effects = set()
    substitutes = document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        actions = [
            matches(pattern.lower(), action)
            for pattern in statement.get("Action") or statement.get("NotAction")
        ]
        resources = [
            matches(pattern.replace("${v}", variable) if substitutes else pattern, resource)
            for pattern in statement.get("Resource") or statement.get("NotResource")
        ]
        keys = {key for members in statement["Condition"].values() for key in members}
        if (
            any(actions) == ("Action" in statement)
            and any(resources) == ("Resource" in statement)
            and keys <= true_keys
        ):
            effects.add(statement["Effect"])
    return effects == {"Allow"}


@given(DOCUMENTS, DOCUMENTS)
def test_whatever_the_new_version_allows_and_the_old_did_not_is_among_the_added(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    added = added_allowances(old, new)
    worlds = product(ACTIONS, [*RESOURCES, "${v}"], ["x", "y", ""], [frozenset(), {"p"}, {"p", "q"}])
    for action, resource, variable, true_keys in worlds:
        known = frozenset(true_keys)
        if allows(new, action, resource, variable, known) and not allows(
            old, action, resource, variable, known
        ):
            assert any(
                matches(allowance.action, action)
                and (
                    matches(allowance.resource.replace("${v}", variable), resource)
                    or matches(allowance.resource, resource)
                )
                for allowance in added
            )


@given(DOCUMENTS)
def test_nothing_is_added_from_a_document_to_itself(same: dict[str, Any]) -> None:
    assert added_allowances(same, json.dumps(same)) == ()


@given(DOCUMENTS, st.data())
def test_nothing_is_added_when_an_allow_is_removed(old: dict[str, Any], data: st.DataObject) -> None:
    kept = [
        statement
        for statement in old["Statement"]
        if statement["Effect"] == "Deny" or data.draw(st.booleans())
    ]
    assert added_allowances(old, {**old, "Statement": kept}) == ()


@given(DOCUMENTS, DOCUMENTS, st.randoms(use_true_random=False))
def test_the_order_of_statements_does_not_matter(
    old: dict[str, Any], new: dict[str, Any], random: Any
) -> None:
    def shuffled(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "Statement": random.sample(document["Statement"], len(document["Statement"]))}

    assert added_allowances(old, new) == added_allowances(shuffled(old), shuffled(new))


@given(DOCUMENTS)
def test_an_allow_of_something_else_adds_at_least_itself(old: dict[str, Any]) -> None:
    kept = [statement for statement in old["Statement"] if "*" not in statement.get("Action", "*")]
    something_else = allow("iotwireless:Send", "z/1")
    added = added_allowances({**old, "Statement": kept}, {**old, "Statement": [*kept, something_else]})
    assert Allowance("iotwireless:send", "z/1", conditional=False, why=NEW) in added


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            document(allow("iot:Publish", f"{TOPICS}/a")),
            document(allow(["iot:Publish", "iot:Receive"], [f"{TOPICS}/a", f"{TOPICS}/b"])),
            [
                ("iot:publish", f"{TOPICS}/b", False, NEW),
                ("iot:receive", f"{TOPICS}/a", False, NEW),
                ("iot:receive", f"{TOPICS}/b", False, NEW),
            ],
        ),
        (document(allow("iot:*", f"{TOPICS}/*")), document(allow("IOT:Pub*", f"{TOPICS}/a/*")), []),
        (
            document(allow("iot:Publish", f"{TOPICS}/a/*")),
            document(allow("iot:Publish", f"{TOPICS}/*")),
            [("iot:publish", f"{TOPICS}/*", False, NEW)],
        ),
        (
            document(allow("iot:Publish", "*"), deny("iot:Publish", f"{TOPICS}/stop")),
            document(allow("iot:Publish", "*")),
            [("iot:publish", f"{TOPICS}/stop", False, FREED)],
        ),
        (
            document(allow("iot:Publish", "*"), deny("iot:Publish", f"{TOPICS}/a/*")),
            document(allow("iot:Publish", "*"), deny("iot:Publish", f"{TOPICS}/a/b")),
            [("iot:publish", f"{TOPICS}/a/*", False, FREED)],
        ),
        (
            document(allow("iot:Publish", "*"), deny("iot:Publish", f"{TOPICS}/a")),
            document(
                allow("iot:Publish", "*"), deny("iot:Publish", f"{TOPICS}/a", Condition={"Bool": {"k": True}})
            ),
            [("iot:publish", f"{TOPICS}/a", False, FREED)],
        ),
        (
            document(allow("iot:Publish", f"{TOPICS}/b"), deny("iot:Publish", f"{TOPICS}/a")),
            document(allow("iot:Publish", f"{TOPICS}/b")),
            [],
        ),
        (
            document(allow("iot:Publish", "*", Condition={"Bool": {"k": True}}), deny("iot:Publish", "a")),
            document(allow("iot:Publish", "*", Condition={"Bool": {"k": True}})),
            [("iot:publish", "a", True, FREED)],
        ),
        (
            document(
                {"Effect": "Allow", "NotAction": "iot:Connect", "Resource": "a"},
                {"Effect": "Deny", "NotAction": "iot:Connect", "Resource": "a"},
            ),
            document({"Effect": "Allow", "NotAction": "iot:Connect", "Resource": "a"}),
            [("*", "a", False, FREED)],
        ),
        (
            document({"Effect": "Allow", "NotAction": "iot:Connect", "Resource": "a"}),
            document(allow("iot:Publish", "a")),
            [],
        ),
        (
            document(),
            document(allow("iot:Publish", f"{TOPICS}/a"), deny("iot:*", f"{TOPICS}/*")),
            [],
        ),
        (
            document(allow("iot:Publish", "*", Condition={"Bool": {"k": "true"}})),
            document(allow("iot:Publish", "*", Condition={"bool": {"K": [True]}})),
            [],
        ),
        (
            document(allow("iot:Publish", "*", Condition={"Bool": {"k": "true"}})),
            document(allow("iot:Publish", "*")),
            [("iot:publish", "*", False, NEW)],
        ),
        (
            document(),
            document(allow("iot:Publish", "*", Condition={"Bool": {"k": "true"}})),
            [("iot:publish", "*", True, NEW)],
        ),
        (
            document(allow("iot:Publish", f"{TOPICS}/*")),
            {"Statement": [{"Effect": "Allow", "NotAction": "iot:Connect", "Resource": f"{TOPICS}/a"}]},
            [("*", f"{TOPICS}/a", False, "allowed as part of everything but what a statement names")],
        ),
        (
            document(allow("iot:Connect", "client/${iot:ClientId}"), version="2008-10-17"),
            document(allow("iot:Connect", "client/${iot:ClientId}")),
            [("iot:connect", "client/${iot:ClientId}", False, NEW)],
        ),
        (
            document(
                allow("iot:Connect", "a", Condition={"StringEquals": {"k": "${iot:ClientId}"}}),
                version="2008-10-17",
            ),
            document(allow("iot:Connect", "a", Condition={"StringEquals": {"k": "${iot:ClientId}"}})),
            [("iot:connect", "a", True, NEW)],
        ),
        ("***", document(allow("iot:Publish", "a")), [("iot:publish", "a", False, NEW)]),
        (document(), "***", []),
    ],
)
def test_exactly_this_is_added(old: object, new: object, expected: list[tuple[str, str, bool, str]]) -> None:
    assert [Allowance(*fields) for fields in expected] == list(added_allowances(old, new))


def test_no_more_are_named_than_a_person_would_read() -> None:
    actions = [f"iot:{number}" for number in range(60)]
    resources = [str(number) for number in range(60)]
    assert len(added_allowances(document(), document(allow(actions, resources)))) == MOST_ALLOWANCES
