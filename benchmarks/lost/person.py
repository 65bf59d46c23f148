"""Somebody who types on the correction page, in a browser whose profile outlives its process."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page, Playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
PATIENCE_MS = 60_000
SELECT = """([from, to]) => {
    const field = document.querySelector("#text");
    field.focus();
    field.setSelectionRange(from, to);
}"""


class Person:
    def __init__(
        self, playwright: Playwright, profile: Path, address: str, username: str, password: str
    ) -> None:
        self.playwright, self.profile, self.address = playwright, profile, address
        self.username, self.password = username, password
        self.context: BrowserContext
        self.page: Page
        self.start_browser()

    # --- the browser ---

    def start_browser(self) -> None:
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile, executable_path=CHROMIUM, args=ARGUMENTS, locale="en-US"
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.pages[0]

    def kill_browser(self) -> None:
        """SIGKILL for each process of this profile; no other browser is touched."""
        mark = f"--user-data-dir={self.profile}".encode()
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                if mark in (entry / "cmdline").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
        with suppress(Error):
            self.context.close()
        self.start_browser()

    def crash_tab(self) -> None:
        crashed = self.page
        with suppress(Error):
            crashed.goto("chrome://crash", timeout=3000)
        self.page = self.context.new_page()
        with suppress(Error):
            crashed.close()

    def close_tab(self) -> None:
        """Without a word to the page: no unload, no last request."""
        closed, self.page = self.page, self.context.new_page()
        closed.close(run_before_unload=False)

    # --- the page ---

    def open(self, uuid: object) -> None:
        """The correction page of this segment, through the log-in where the browser has forgotten it."""
        self.page.goto(f"{self.address}/correct/{uuid}/")
        if "/login/" in self.page.url:
            self.page.fill("#id_username", self.username)
            self.page.fill("#id_password", self.password)
            self.page.keyboard.press("Enter")
        self.page.wait_for_selector("[data-mounted]:not([hidden]) #text")

    def type(self, at: int, removed: int, text: str) -> None:
        self.page.evaluate(SELECT, [at, at + removed])
        if text:
            self.page.keyboard.insert_text(text)
        elif removed:
            self.page.keyboard.press("Backspace")

    def text(self) -> str:
        return self.page.input_value("#text")

    def wait_for_text(self, text: str) -> bool:
        """-> whether the field shows it, after whatever the page restores."""
        with suppress(Error):
            self.page.wait_for_function(
                "(text) => document.querySelector('#text').value === text", arg=text, timeout=PATIENCE_MS / 3
            )
        return self.text() == text

    def wait_until(self, attribute: str, value: str) -> None:
        """What the line at the foot says of the text: `kept` on this computer, `state` in all."""
        self.page.wait_for_function(
            "([name, value]) => document.querySelector('[data-saved]').dataset[name] === value",
            arg=[attribute, value],
        )

    def confirm(self) -> None:
        self.page.keyboard.press("Control+Enter")
