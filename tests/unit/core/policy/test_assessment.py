"""The definitions are Device Defender's; the cases, with the page that decides each, are in policies.yaml."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.policy import RISK_NAMES, policy_fact, read_policy
from tests.unit.core.policy.documents import CASES, DOCUMENTS, JSON, STATEMENTS


def names(document: object) -> list[str]:
    return [risk.name for risk in read_policy(document)]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_document_has_exactly_these_risks(case: dict[str, Any]) -> None:
    assert case["risks"] == names(case["document"])


def test_the_cases_have_names_of_their_own_and_show_every_risk_that_a_document_can_have() -> None:
    assert len(CASES) == len({case["name"] for case in CASES})
    of_templates_alone = {"policy-chosen-by-caller"}
    assert {*RISK_NAMES} - of_templates_alone == {risk for case in CASES for risk in case["risks"]}


def test_compliant_and_noncompliant_documents_of_both_definitions_are_among_the_cases() -> None:
    shown = {(case["source"], not case["risks"]) for case in CASES}
    pages = ("audit-chk-iot-policy-permissive", "audit-chk-iot-misconfigured-policies")
    assert {(page, is_compliant) for page in pages for is_compliant in (True, False)} <= shown


@given(JSON | st.text())
def test_whatever_the_document_it_is_read_and_told(document: object) -> None:
    risks = read_policy(document)
    assert {risk.name for risk in risks} == {*policy_fact(document)["risks"]}  # type: ignore[misc]


@given(DOCUMENTS)
def test_a_document_as_text_and_as_object_are_the_same(document: dict[str, Any]) -> None:
    assert read_policy(document) == read_policy(json.dumps(document))


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_white_space_and_the_order_of_keys_do_not_matter(document: dict[str, Any], random: Any) -> None:
    statements = []
    for statement in document["Statement"]:
        keys = list(statement)
        random.shuffle(keys)
        statements.append({key: statement[key] for key in keys})
    shuffled = {"Statement": statements, "Version": document["Version"]}
    assert read_policy(document) == read_policy(json.dumps(shuffled, indent="\t") + " " * 5_000)


@given(DOCUMENTS)
def test_the_case_of_actions_does_not_matter(document: dict[str, Any]) -> None:
    shouted = [
        {**statement, "Action": [action.upper() for action in statement["Action"]]}
        for statement in document["Statement"]
    ]
    assert read_policy(document) == read_policy({**document, "Statement": shouted})


@given(DOCUMENTS, STATEMENTS)
def test_a_further_statement_takes_no_risk_back_but_a_deny_of_receiving(
    document: dict[str, Any], statement: dict[str, Any]
) -> None:
    longer = {**document, "Statement": [*document["Statement"], statement]}
    gone = set(read_policy(document)) - set(read_policy(longer))
    assert gone == {
        risk for risk in gone if risk.name == "receive-not-denied" and statement["Effect"] == "Deny"
    }


def test_a_sentence_names_the_statement_in_our_words_alone() -> None:
    hostile = "<!channel> *bold*"
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": hostile, "Effect": "Allow", "Action": "iot:Receive", "Resource": hostile},
            {"Sid": hostile, "Effect": "Allow", "Action": "iot:Connect", "Resource": [hostile, "*"]},
        ],
    }
    assert policy_fact(document) == {
        "verdicts": ["overly-permissive"],
        "risks": ["connect-as-any-client"],
        "why": ["statement 2 lets a device connect as any client"],
    }


def test_a_document_that_can_not_be_read_says_so() -> None:
    assert policy_fact("***") == {
        "verdicts": ["unreadable"],
        "risks": ["unreadable"],
        "why": ["the document can not be read"],
    }


def test_eight_sentences_are_told_and_the_rest_counted() -> None:
    statement = {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}
    told = policy_fact({"Statement": [statement] * 13})["why"]
    expected = [f"statement {n} lets a device connect as any client" for n in range(1, 9)]
    assert [*expected, "… and 5 more"] == told


def test_a_compliant_document_has_nothing_to_tell() -> None:
    assert policy_fact({"Statement": []}) == {"verdicts": [], "risks": [], "why": []}


@pytest.mark.parametrize(
    "document",
    [
        "[" * 100_000,
        '{"Statement":' * 900 + "1" + "}" * 900,
        json.dumps({"Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}] * 10_000}),
        {"Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}] * 10_000},
        {"Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "a" * 2_048}]},
        json.dumps({"Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": " " * 400_000}]}),
        {"Statement": [], "x" * 2_048: None},
    ],
    ids=["deep lists", "deep objects", "long text", "long object", "long name", "padded name", "long key"],
)
def test_what_aws_could_not_have_accepted_is_unreadable(document: object) -> None:
    assert ["unreadable"] == names(document)


def test_padding_hides_nothing() -> None:
    document = json.dumps({"Statement": {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}})
    assert ["connect-as-any-client"] == names(document.replace(" ", " " * 50_000))
