"""Which places of a secret are sound, by AWS's rules for names."""

from __future__ import annotations

import pytest

from rulebook.secret_names import PASTED, WHERE, secret_name_fault, secret_name_warning

SSM_SHAPE = (
    "an SSM parameter name starts with `/` and has up to 15 parts of letters, digits and _.-"
    " with one `/` between, such as `ssm:/thingwatch/slack/NAME`"
)
RESERVED = "AWS keeps names that start with /aws or /ssm for itself; choose another"
SECRETS_MANAGER_SHAPE = "a Secrets Manager name has 1 to 512 letters, digits and /_+=.@-"


@pytest.mark.parametrize(
    "place",
    [
        "ssm:/thingwatch/slack/secops",
        "ssm:/a",
        "ssm:/" + "a" * 1010,
        "ssm:" + "/a" * 15,
        "secretsmanager:thingwatch/slack",
        "secretsmanager:a+b=c.d@e_f",
        "secretsmanager:" + "a" * 512,
    ],
)
def test_a_name_that_aws_takes_is_sound(place: str) -> None:
    assert None is secret_name_fault(place)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("", WHERE),
        ("/thingwatch/slack/secops", WHERE),
        ("vault:secret", WHERE),
        ("SSM:/a", WHERE),
        ("ssm:", SSM_SHAPE),
        ("ssm:a/b", SSM_SHAPE),
        ("ssm:/a/", SSM_SHAPE),
        ("ssm:/a b", SSM_SHAPE),
        ("ssm:/ä", SSM_SHAPE),
        ("ssm:/a\n", SSM_SHAPE),
        ("ssm:" + "/a" * 16, SSM_SHAPE),
        ("ssm:/" + "a" * 1011, "an SSM parameter name has at most 1011 characters"),
        ("ssm:/aws/x", RESERVED),
        ("ssm:/AWSx", RESERVED),
        ("ssm:/ssm-x", RESERVED),
        ("secretsmanager:", SECRETS_MANAGER_SHAPE),
        ("secretsmanager:a b", SECRETS_MANAGER_SHAPE),
        ("secretsmanager:" + "a" * 513, SECRETS_MANAGER_SHAPE),
        ("https://hooks.slack.com/services/T0/B0/xyz", PASTED),
        ("HTTPS://HOOKS.SLACK-GOV.COM/services/T0/B0/xyz", PASTED),
        ("hooks.slack.com/services/T0/B0/xyz", PASTED),
        ("ssm:https://hooks.slack.com/services/T0/B0/xyz", PASTED),
        ("services/T0/B0/xyz", PASTED),
    ],
)
def test_any_other_place_is_refused_with_what_to_write(place: str, expected: str) -> None:
    assert expected == secret_name_fault(place)


def test_a_secret_whose_name_ends_like_an_arn_gets_a_warning() -> None:
    expected = (
        "the name ends in a hyphen and six characters, like the end of a secret's ARN, so AWS may"
        " not find it by part of its ARN; prefer another name"
    )
    assert expected == secret_name_warning("secretsmanager:slack-secops")


@pytest.mark.parametrize("place", ["secretsmanager:slack/secops", "ssm:/slack-secops"])
def test_other_names_get_no_warning(place: str) -> None:
    assert None is secret_name_warning(place)
