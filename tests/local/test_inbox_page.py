"""The page of what the local Slack took, in a real browser; skipped, and saying so, where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from handlers.core.renderings.slack import render_slack
from local.browser import find_browser, open_browser
from local.slack import LocalSlack
from local.waiting import wait_until
from tests.support.alerts import make_alert

PHONE = 360
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


@pytest.fixture(scope="module")
def phone() -> Iterator[Chrome]:
    paths = find_browser()
    if paths is None:
        pytest.skip("no Chromium or Chrome with its driver is on this machine")
    with open_browser(paths, width=PHONE) as browser:
        yield browser


def post(slack: LocalSlack, **record: Any) -> None:
    requests.post(slack.webhook_url, json=render_slack(make_alert(**record)), timeout=5).raise_for_status()


def headlines(browser: Chrome) -> list[str]:
    return [each.text for each in browser.find_elements(By.TAG_NAME, "h2")]


def test_messages_appear_by_themselves_the_newest_first_and_fit_a_phone(
    slack: LocalSlack, phone: Chrome
) -> None:
    phone.get(slack.inbox_url)
    assert "Nothing has arrived yet." in phone.find_element(By.TAG_NAME, "body").text
    post(slack, requestParameters={"certificateId": "first", "newStatus": "ACTIVE"})
    wait_until(lambda: len(headlines(phone)) == 1)
    post(slack, requestParameters={"certificateId": "second", "newStatus": "ACTIVE"})
    wait_until(lambda: len(headlines(phone)) == 2)
    assert [
        "🟠 Certificate second activated, by fleet-admin",
        "🟠 Certificate first activated, by fleet-admin",
    ] == headlines(phone)
    widths = phone.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert [PHONE, PHONE] == widths


def test_text_of_an_event_runs_nothing_in_the_page(slack: LocalSlack, phone: Chrome) -> None:
    phone.get(slack.inbox_url)
    post(slack, requestParameters={"certificateId": HOSTILE, "newStatus": HOSTILE})
    wait_until(lambda: headlines(phone))
    # The page as it comes with the message. Its address is open already, so the driver may not wait for it.
    phone.get("about:blank")
    phone.get(slack.inbox_url)
    wait_until(lambda: phone.title and headlines(phone))
    assert ("Local Slack", True) == (phone.title, "<script>" in headlines(phone)[0])
    assert [] == phone.find_elements(By.CSS_SELECTOR, "#messages script, #messages img")


def test_the_page_is_not_found_under_another_address(slack: LocalSlack) -> None:
    assert 404 == requests.get(f"{slack.inbox_url}other", timeout=5).status_code
