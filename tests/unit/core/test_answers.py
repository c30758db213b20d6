"""What AWS IoT's answers say in words."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from handlers.core.alerts import Answer
from handlers.core.answers import Former, Page, tell_certificate, tell_policy, tell_template
from tests.support.records import ACCOUNT, REGION


def arn(resource: str) -> str:
    """Of the fleet's account."""
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:{resource}"


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, Any]) -> str:
    """A document with these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


NARROW = policy(allow("iot:Publish", arn("topic/pumps/*")))
WIDE = policy(allow("iot:*", "*"))
NOWHERE = Page([], is_last=True)


def told(document: object, former: object, *, is_in_force: bool = True) -> list[tuple[str, str]]:
    """What is said of a version, without its targets."""
    answers = tell_policy(document, Former("3", former, is_in_force), NOWHERE)
    return [(each.name, each.text) for each in answers[1:-1]]


def test_it_says_what_is_newly_allowed_beside_which_version() -> None:
    assert (
        Answer("Compared with", "version 3, which is in force"),
        Answer("Newly allowed", "iot:* on every resource"),
        Answer("Attached to", "nothing"),
    ) == tell_policy(WIDE, Former("3", NARROW, is_in_force=True), NOWHERE)


def test_aws_does_not_say_which_version_was_the_default_before_so_it_is_not_said_to_have_been() -> None:
    answer, *_ = tell_policy(WIDE, Former("3", NARROW, is_in_force=False), NOWHERE)
    assert Answer("Compared with", "version 3, the newest of the others") == answer


def test_a_version_that_allows_less_adds_nothing() -> None:
    assert [("Newly allowed", "nothing")] == told(NARROW, WIDE)


def test_a_version_without_others_is_not_compared() -> None:
    assert (
        Answer("Compared with", "nothing: there is no other version"),
        Answer("Attached to", "nothing"),
    ) == tell_policy(WIDE, None, NOWHERE)


def test_of_a_document_that_can_not_be_read_it_says_so_and_not_that_nothing_is_new() -> None:
    assert [("Newly allowed", "unknown: the document can not be read")] == told("{", NARROW)


def test_actions_of_the_same_resources_share_a_line_and_arns_lose_what_all_have() -> None:
    document = policy(
        allow(["iot:Publish", "iot:Receive"], [arn("topic/a"), arn("topic/b")]),
        allow("iot:Subscribe", arn("topicfilter/a")),
    )
    assert [
        ("Newly allowed", "iot:publish, iot:receive on topic/a, topic/b"),
        ("Newly allowed", "iot:subscribe on topicfilter/a"),
    ] == told(document, NARROW)


def test_what_holds_for_everything_comes_first_and_what_has_conditions_last() -> None:
    condition = {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    document = policy(
        allow("iot:Subscribe", "*", Condition=condition),
        allow("iot:Connect", arn("client/a")),
        allow("iot:Receive", "*"),
    )
    assert [
        "iot:receive on every resource",
        "iot:connect on client/a",
        "iot:subscribe on every resource, under conditions",
    ] == [text for _, text in told(document, NARROW)]


def test_a_deny_that_is_gone_is_told_as_such() -> None:
    deny = {"Effect": "Deny", "Action": "iot:Publish", "Resource": arn("topic/alarms")}
    everything = allow("*", "*")
    assert [("No longer denied", "iot:publish on topic/alarms")] == told(
        policy(everything), policy(everything, deny)
    )


def test_of_many_allowances_five_are_told_and_the_others_counted() -> None:
    document = policy(*[allow(f"iot:A{number}", arn(f"topic/{number}")) for number in range(9)])
    answers = told(document, NARROW)
    assert (6, ("And", "4 more")) == (len(answers), answers[-1])


def test_of_more_allowances_than_are_looked_at_the_count_is_a_least() -> None:
    many = range(30)
    document = policy(allow([f"iot:a{number}" for number in many], [f"r{number}" for number in many]))
    answers = told(document, NARROW)
    assert (True, ("And", "at least 1 more")) == (len(answers) <= 5, answers[-1])


def test_targets_are_counted_by_what_they_are() -> None:
    names = [arn(f"cert/{'a' * 64}")] * 2 + [arn("thinggroup/pumps"), f"{REGION}:0c0c-cognito"]
    for is_last, least in ((True, ""), (False, "at least ")):
        said = tell_policy(NARROW, None, Page(names, is_last))[-1]
        assert Answer("Attached to", f"{least}2 certificates, 1 thing group, 1 Cognito ID") == said


def test_of_a_certificate_its_things_and_policies_are_named() -> None:
    assert (Answer("Its things", "pump-7"), Answer("Its policies", "none")) == tell_certificate(
        Page(["pump-7"], is_last=True), NOWHERE
    )


def test_of_many_names_the_first_few_are_told() -> None:
    names = [f"t{number}" for number in range(8)]
    things, _ = tell_certificate(Page(names, is_last=True), NOWHERE)
    assert "t0, t1, t2, t3, t4, t5 and 2 more" == things.text
    things, _ = tell_certificate(Page(names[:2], is_last=False), NOWHERE)
    assert "t0, t1 and at least 1 more" == things.text


def template(**documents: object) -> str:
    """A provisioning template with a policy for each document."""
    resources = {
        name: {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": document}}
        for name, document in documents.items()
    }
    return json.dumps({"Resources": resources})


def test_policies_of_a_template_are_compared_by_the_names_of_their_resources() -> None:
    former = Former("1", template(device=NARROW, other=WIDE), is_in_force=True)
    assert (
        Answer("Compared with", "version 1, which is in force"),
        Answer("Newly allowed", "iot:* on every resource"),
    ) == tell_template(template(device=WIDE, other=WIDE), former)
    assert Answer("Newly allowed", "nothing") == tell_template(template(device=NARROW), former)[-1]


def test_a_policy_that_a_template_newly_gives_by_name_is_named() -> None:
    def naming(name: object) -> str:
        properties = {"PolicyName": name}
        return json.dumps({"Resources": {"p": {"Type": "AWS::IoT::Policy", "Properties": properties}}})

    former = Former("1", naming("device"), is_in_force=True)
    for new, said in (
        ("admin", ("Newly given policies", "admin")),
        ({"Ref": "Chosen"}, ("Newly given policies", "*")),
        ("device", ("Newly allowed", "nothing")),
    ):
        assert [Answer(*said)] == list(tell_template(naming(new), former)[1:])


def test_a_value_that_the_device_chooses_counts_as_any() -> None:
    chosen = {"Fn::Join": ["", [arn("topic/"), {"Ref": "Name"}]]}
    document = {"Version": "2012-10-17", "Statement": [allow("iot:Publish", chosen)]}
    former = Former("1", template(device=NARROW), is_in_force=True)
    assert "iot:publish on topic/*" == tell_template(template(device=document), former)[-1].text


def test_of_a_template_that_can_not_be_read_it_says_so() -> None:
    former = Former("1", template(device=NARROW), is_in_force=True)
    assert "unknown: the document can not be read" == tell_template("{", former)[-1].text
    assert Answer("Newly allowed", "iot:* on every resource") in tell_template(
        template(device=WIDE), Former("1", "{", is_in_force=True)
    )
    assert "nothing: there is no other version" == tell_template(template(device=WIDE), None)[0].text


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=12))
def test_whatever_stands_in_a_document_or_a_name_a_line_is_printable_and_no_longer_than_a_message_takes(
    text: str, names: list[str]
) -> None:
    document = policy(allow([f"iot:{text}", *names], [text, *names]))
    page = Page(names, is_last=False)
    for answer in (
        *tell_policy(document, Former(text, NARROW, is_in_force=True), page),
        *tell_certificate(page, page),
    ):
        assert answer.text.isprintable()
        assert len(answer.text) <= 600
