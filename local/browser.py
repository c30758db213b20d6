"""The browser of this machine, if it has one: Chromium or Chrome, without a window, by Selenium."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_DRIVERS = ("chromedriver", "chromium.chromedriver")
# It shall reach nothing but what it is told to open.
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)


def find_browser() -> tuple[str, str] | None:
    """The paths of a browser and its driver; None where there are none."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = next(filter(None, map(shutil.which, _DRIVERS)), None)
    return None if browser is None or driver is None else (browser, driver)


@contextmanager
def open_browser(paths: tuple[str, str], *, width: int, height: int = 900) -> Iterator[Chrome]:
    """A running browser with a page of this size in pixels."""
    options = ChromeOptions()
    options.binary_location = paths[0]
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        browser = Chrome(options=options, service=Service(executable_path=paths[1]))
        try:
            # A window can not be as narrow as a phone, a page can.
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            yield browser
        finally:
            browser.quit()


def take_picture(browser: Chrome, selector: str) -> bytes:
    """A PNG of the element, whole, however long it is."""
    box = browser.execute_script(
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return {x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height, scale: 1};",
        selector,
    )
    shot = browser.execute_cdp_cmd(
        "Page.captureScreenshot", {"format": "png", "clip": box, "captureBeyondViewport": True}
    )
    return base64.b64decode(shot["data"])
