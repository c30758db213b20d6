import pytest

from handlers.core.names import describe, shorten

CERTIFICATE = "7a1f" * 16


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pump-7", "pump-7"),
        (CERTIFICATE, "7a1f7a1f…"),
        ("1b4e28ba-2fa1-11d2-883f-0016d3cca427", "1b4e28ba…"),
        ("eu-west-1:1b4e28ba-2fa1-11d2-883f-0016d3cca427", "1b4e28ba…"),
        (f"arn:aws:iot:eu-west-1:111122223333:cert/{CERTIFICATE}", "7a1f7a1f…"),
        ("arn:aws-cn:iam::111122223333:role/service/fleet", "fleet"),
        ("arn:aws:sns:eu-west-1:111122223333:alerts", "alerts"),
        # The address of a radio device tells at its end which one it is.
        ("70b3d57ed0001a2b", "70b3d57ed0001a2b"),
        ("x" * 60, "x" * 39 + "…"),
        ("arn:", "arn:"),
        ("", ""),
    ],
)
def test_a_short_name_is_the_last_part_of_an_arn_and_the_first_digits_of_an_id(
    name: str, expected: str
) -> None:
    assert expected == shorten(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"arn:aws:iot:eu-west-1:111122223333:cert/{CERTIFICATE}", "certificate 7a1f7a1f…"),
        ("arn:aws:iot:eu-west-1:111122223333:thinggroup/site-7", "group site-7"),
        ("arn:aws:iot:eu-west-1:111122223333:all/things", "all things"),
        ("arn:aws:iam::111122223333:role/fleet", "fleet"),
        ("pump-7", "pump-7"),
    ],
)
def test_a_headline_says_what_an_arn_is_of(name: str, expected: str) -> None:
    assert expected == describe(name)
