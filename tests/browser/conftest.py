"""A real browser and the real web processes; the flow runs in the background."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from placet.kernel.ids import PersonId
from placet.people.sign_in import link_for
from tests.browser.site import Site, running_site

BOUND_MS = 180_000
"""A bound on each wait for a state, not an expectation: a busy machine may be slow."""
expect.set_options(timeout=BOUND_MS)
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
Open = Callable[..., Page]


@pytest.fixture
def chromium(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """One per test: Playwright keeps a loop running in this thread, in which Django would refuse to work."""
    if not Path(CHROMIUM).exists():
        pytest.skip("needs a browser: apt-get install chromium")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
        connections.close_all()  # this loop has connections of its own


@pytest.fixture
def site(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with running_site(monkeypatch) as started:
        yield started


@pytest.fixture
def open_as(chromium: Browser, site: Site) -> Iterator[Open]:
    """`open_as(BEN, "/create/")`: the browser of one person, signed in by a link. Its errors fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(who: PersonId | None, path: str = "/", *, phone: bool = False, dark: bool = False) -> Page:
        size = PHONE if phone else DESKTOP
        scheme = "dark" if dark else "light"
        context = chromium.new_context(viewport={**size}, color_scheme=scheme, base_url=site.origin)  # type: ignore[arg-type]  # same keys
        context.set_default_timeout(BOUND_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
        if who:
            page.goto(link_for(who))
            page.get_by_role("button", name="Sign in as").click()
        page.goto(path)
        page.wait_for_selector("html[data-started]", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def problems(page: Page) -> list[str]:
    """What axe calls serious or critical on a page."""
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in {"serious", "critical"}]
    return [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']][:4]}" for v in grave]
