import pytest

from handlers.core.console import event_link


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_link_leads_to_the_console_of_the_partition(region: str, host: str) -> None:
    assert f"https://{host}/cloudtrailv2/home?region={region}#/events/an-id" == event_link(region, "an-id")


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert event_link("eu-west-1", "\ud800x").endswith("#/events/%3Fx")


def test_a_hostile_id_stays_one_part_of_the_address() -> None:
    assert event_link("eu-west-1", "a/../b>|c").endswith("#/events/a%2F..%2Fb%3E%7Cc")
