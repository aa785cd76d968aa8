"""A real Chromium, once for all browser tests; each test has its own window and signs in as one of the people."""

import os

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# Two browsers, their servers and databases share two cores: what takes a blink for one user may take seconds here.
expect.set_options(timeout=20_000)
DESKTOP, PHONE = {"width": 1440, "height": 960}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def chromium():
    # Playwright's loop runs in this thread; Django would take the tests themselves for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium, live_server, people):
    """window("rep", size=PHONE, language="en", theme="dark") gives a page, signed in; None: a visitor.

    Whatever the browser reports as an error fails the test, but for what contains `aside`.
    """
    contexts, errors = [], []

    def open_window(name=None, *, size=DESKTOP, theme="light", aside=None):
        context = chromium.new_context(
            viewport=size, base_url=live_server.url, locale="de-DE", timezone_id="Europe/Berlin", color_scheme=theme
        )
        contexts.append(context)
        if name:
            visitor = Client()
            visitor.force_login(people[name])
            session = visitor.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        # What has no address is code that a test brought along (axe tries styles, which the policy forbids).
        page.on(
            "console",
            lambda said: (
                errors.append(f"{said.text} {said.location}")
                if said.type == "error" and said.location.get("url") and not (aside and aside in said.text)
                else None
            ),
        )
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert errors == [], "the browser's console is not silent"


@pytest.fixture
def people(transactional_db, people):
    """In the browser the people are committed: the server runs in another thread."""
    return people
