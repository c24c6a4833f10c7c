"""A browser for tests: Debian's chromium and its driver, without a window, on this machine alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

_T = TypeVar("_T")
_CHROMIUM, _DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(
    _CHROMIUM is None or _DRIVER is None,
    reason="chromium or chromedriver is not installed: apt-get install chromium chromium-driver",
)


class Browser:
    """One person's browser.

    Args:
        url: Of the server.
        folder: Its home, with its downloads.
        language: Which it asks for.
        width: Of the screen, in pixels.
        dark: Whether its owner prefers dark pages.
    """

    def __init__(
        self, url: str, folder: Path, *, language: str = "en-US", width: int = 1000, dark: bool = False
    ) -> None:
        options = ChromeOptions()
        options.binary_location = str(_CHROMIUM)
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-proxy-server"):
            options.add_argument(f"--{argument}")
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.chrome = Chrome(
            options=options, service=ChromeService(str(_DRIVER), env=os.environ | {"HOME": str(folder)})
        )
        screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.url = url

    def open(self, path: str = "/") -> None:
        """Open the page, and wait until it lives."""
        self.chrome.get(f"{self.url}{path}")
        self.until(lambda: path == "/login" or self.alive())

    def alive(self) -> bool:
        """Whether the page talks with its server."""
        return self.run("return window.did_handshake === true") is True

    def run(self, script: str, *arguments: object) -> object:
        """What a script returns."""
        return self.chrome.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        """What a CSS selector finds, shown or not."""
        return self.chrome.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The shown words of what a selector finds."""
        return [element.text for element in self.all(selector)]

    def press(self, selector: str, number: int = 0) -> None:
        """Click on what a selector finds, once nothing moves over it any more."""

        def clicked() -> bool:
            element = self.all(selector)[number]
            self.run("arguments[0].scrollIntoView({block: 'center'})", element)
            try:
                element.click()
            except (ElementClickInterceptedException, ElementNotInteractableException):
                return False
            return True

        self.until(clicked)

    def type(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        self.chrome.switch_to.active_element.send_keys(*keys)

    def say(self, words: str) -> None:
        """Type a message into its field, and wait for the answer."""
        count = len(self.all(".answer"))
        self.all("input.say")[0].send_keys(words, Keys.ENTER)
        self.until(lambda: self.answered(count + 1))

    def answered(self, count: int) -> bool:
        """Whether so many answers are there and none is under way."""
        return len(self.all(".answer")) == count and not self.all(".doing")

    def titles(self) -> list[str]:
        """Of the items on the last list."""
        return [title.text for title in self.all(".answer:last-child .title")]

    def until(self, true: Callable[[], _T], seconds: float = 20) -> _T:
        """Wait until something is true, and return it."""
        end = time.monotonic() + seconds
        while True:
            try:
                found = true()
            except (StaleElementReferenceException, IndexError):
                found = None
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"it never came true; the page says: {self.texts('body')}")
            time.sleep(0.05)

    def complaints(self) -> list[str]:
        """What the browser's console complains of."""
        chrome: Any = self.chrome  # of its logs no types are told
        return [str(entry["message"]) for entry in chrome.get_log("browser") if entry["level"] == "SEVERE"]


@contextmanager
def served(command: Sequence[str], home: Path, seconds: float = 60) -> Generator[str, None, None]:
    """A server in a process of its own; gives its address, and stops it in the end.

    Args:
        command: What to run, after Python; it writes its address to standard error.
        home: Where its state lives.
        seconds: How long it may take to begin.
    """
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(root / "src"), str(root)])
    environment = os.environ | {"CHATREC_HOME": str(home), "PYTHONPATH": path}
    log = home.with_name(f"{home.name}.log")
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, *command], env=environment, stdout=out, stderr=out)
    try:
        end = time.monotonic() + seconds
        while (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text("utf-8", "replace"))) is None:
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < end, log.read_text("utf-8", "replace")
            time.sleep(0.05)
        yield found[0]
        assert process.poll() is None, "the server is gone"
        assert "Traceback" not in log.read_text("utf-8", "replace"), log.read_text("utf-8", "replace")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)
