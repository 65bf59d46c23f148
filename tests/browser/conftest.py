"""A real Chromium against a live server. Skips with its reason where there is no browser."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.models import Role, Site, User
from tests.factories import make_site, make_user

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PATIENCE_MS = 15_000  # only a test that fails waits that long; a busy machine needs it
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]

# Playwright's own loop runs in this thread; the ORM is used beside it, never inside a page's callback.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if not os.path.exists(CHROMIUM):
                item.add_marker(pytest.mark.skip(reason="needs Chromium (apt install chromium)"))


@pytest.fixture(scope="session")
def browser_arguments() -> list[str]:
    """Overridden where a test needs a fake microphone."""
    return ARGUMENTS


@pytest.fixture(scope="module")
def browser(browser_arguments: list[str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=browser_arguments)
        yield browser
        browser.close()


@pytest.fixture
def context_of(
    browser: Browser, live_server, transactional_db: None
) -> Iterator[Callable[..., BrowserContext]]:
    """`context_of(user)`: a window of that person, logged in, in English; closed after the test."""
    opened: list[BrowserContext] = []

    def open_for(user: User, **options: object) -> BrowserContext:
        context = browser.new_context(base_url=live_server.url, locale="en-US", **options)
        context.add_cookies([session_cookie(user, live_server.url)])
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context

    yield open_for
    for context in opened:
        context.close()


@pytest.fixture
def page_of(context_of: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """`page_of(user)`: the first tab of such a window."""
    return lambda user, **options: context_of(user, **options).new_page()


@pytest.fixture
def site(transactional_db: None) -> Site:
    return make_site()


@pytest.fixture
def expert(site: Site) -> User:
    return make_user(Role.EXPERT, site=site)


def session_cookie(user: User, url: str) -> dict[str, str]:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}
