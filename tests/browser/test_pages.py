"""Every page: nothing serious for axe in light and dark, no sideways scrolling on a small phone."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from moderation.commands import report
from moderation.queries import open_cases
from placet.kernel.ids import PersonId
from placet.rights import commands as rights
from tests.browser.conftest import Open, problems
from tests.browser.site import Site
from tests.support.cast import ANA, BEN, CLEO, DARA
from tests.support.scenario import new_id

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SCREENSHOTS")
SHOWN = {"feed", "create", "inbox", "filings", "review", "refused"}
HELD = "a red ball rolls away from a knife fight"


FIXED: dict[str, tuple[PersonId | None, str]] = {
    "feed": (BEN, "/"),
    "sign-in": (None, "/sign-in/"),
    "promises": (None, "/promises/"),
    "create": (BEN, "/create/"),
    "drafts": (BEN, "/drafts/"),
    "inbox": (ANA, "/notices/"),
    "likeness": (ANA, "/likeness/"),
    "enrol": (CLEO, "/likeness/"),
    "stop": (ANA, "/likeness/stop/"),
    "filings": (DARA, "/opt-outs/"),
    "queue": (CLEO, "/review/"),
    "invites": (BEN, "/invites/"),
    "nowhere": (None, "/nowhere/"),
    "not-yours": (DARA, "/review/"),
}


@pytest.fixture
def world(site: Site) -> dict[str, tuple[PersonId | None, str]]:
    """Something on every page. Name -> who opens it, and its path."""
    site.published("a blue cube falls and bounces at night", by=BEN)
    shown = site.published("a red ball bounces twice at sunset", ANA)
    with site.moving:
        site.scenario.request(ANA, "three green balls roll across a wooden floor")
        log = site.scenario.log
        filed = rights.FileOptOut(new_id(), DARA, ("Zorblax", "The Zorb"), "a green one-eyed blob with three legs")
        filing, _ = rights.file_opt_out(log, filed, frozenset())
        rights.file_opt_out(log, rights.FileOptOut(new_id(), DARA, ("Ball",)), frozenset({"ball"}))
        refused = site.scenario.request(BEN, "a red ball and Z0rblax bounce on a table")
        site.scenario.request(BEN, HELD)
        report(log, shown, DARA, "rights", "This is my ball.", new_id())
        site.worker.tick()
        cases = [str(row.case) for row in open_cases()]
        site.scenario.request(ANA, "a blue cube and a yellow ball")
    return {
        **FIXED,
        "clip": (None, f"/clips/{shown}/"),
        "generation": (BEN, f"/generations/{shown}/"),
        "refused": (BEN, f"/generations/{refused}/"),
        "timeline": (BEN, f"/timeline/{shown}/"),
        "filing": (DARA, f"/opt-outs/{filing}/"),
        "review": (CLEO, f"/review/{cases[-1]}/"),
        "held": (CLEO, f"/review/{cases[1]}/"),
        "report": (DARA, f"/clips/{shown}/report/"),
    }


def test_every_page_is_accessible_and_fits_a_small_phone(
    world: dict[str, tuple[PersonId | None, str]], open_as: Open
) -> None:
    found: dict[str, list[str]] = {}
    pages = {
        (who, dark): open_as(who, dark=dark) for who in {who for who, _ in world.values()} for dark in (False, True)
    }
    for name, (who, path) in world.items():
        for dark in (False, True):
            page = pages[who, dark]
            page.set_viewport_size({"width": 360, "height": 740} if dark else {"width": 1280, "height": 800})
            page.goto(path)
            page.wait_for_timeout(150)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            complaints = problems(page) + ([f"{wide} px too wide at {page.viewport_size}"] if wide > 0 else [])
            if complaints:
                found[f"{name} {'dark' if dark else 'light'}"] = complaints
            if SHOTS and name in SHOWN:
                shoot(page, name, dark=dark)
            page.goto("about:blank")  # media would play on during the pages that follow
    assert found == {}


def shoot(page: Page, name: str, *, dark: bool) -> None:
    """Only when screenshots are requested: `SCREENSHOTS=folder`."""
    if dark:
        page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="light" if name in {"create", "inbox"} else "dark" if dark else "light")
    page.wait_for_timeout(600)
    page.screenshot(path=Path(str(SHOTS)) / f"{name}-{'phone' if dark else 'desktop'}.png", animations="disabled")


def test_axe_finds_a_planted_problem(site: Site, open_as: Open) -> None:
    page = open_as(None)
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert any(problem.startswith("image-alt") for problem in problems(page))
