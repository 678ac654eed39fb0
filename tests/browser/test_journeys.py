"""What people do, in a real browser: by mouse, by keyboard, and without script."""

import pytest
from playwright.sync_api import Page, expect

from moderation.queries import open_cases
from placet.likeness.commands import allow
from tests.browser.conftest import BOUND_MS, Open
from tests.browser.site import Site
from tests.support.cast import ANA, BEN, CLEO, DARA
from tests.support.scenario import new_id

pytestmark = pytest.mark.browser


def request(page: Page, prompt: str) -> None:
    page.goto("/create/")
    page.get_by_label("What happens?").fill(prompt)
    page.get_by_role("button", name="Ask for this clip").click()


def until(page: Page, script: str, wanted: object) -> None:
    """Polls from outside: Playwright's own waiting evaluates text in the page, which our policy forbids."""
    for _ in range(BOUND_MS // 100):
        if page.evaluate(script) == wanted:
            return
        page.wait_for_timeout(100)
    assert page.evaluate(script) == wanted


def test_from_a_prompt_to_the_feed_with_each_notice(site: Site, open_as: Open) -> None:
    with site.moving:
        allow(site.scenario.log, ANA, BEN, new_id())
    ana, ben = open_as(ANA, "/notices/"), open_as(BEN, "/create/")
    expect(ana.get_by_text("Nobody has used your likeness")).to_be_visible()
    ben.get_by_role("button", name="Ana").click()
    expect(ben.get_by_label("Who is in it?")).to_have_value("Ana")
    ben.get_by_label("What happens?").fill("a red ball bounces twice at sunset")
    ben.get_by_role("button", name="Ask for this clip").click()
    ben.get_by_role("button", name="Publish").click()
    expect(ben.get_by_text("It is in the feed.")).to_be_visible()
    expect(ana.locator(".count b")).to_have_text("3")
    ana.get_by_role("link", name="Notices").click()
    expect(ana.get_by_text("Notices 1 to 3 of 3: none is missing. Counted again by your browser.")).to_be_visible()
    ana.get_by_role("button", name="Take this one clip down").first.click()
    expect(ana.get_by_text("you took it down").first).to_be_visible()
    site.settle()
    ben.goto("/")
    expect(ben.get_by_text("Nothing has been published yet")).to_be_visible()


def test_clips_play_muted_and_keys_move_on(site: Site, open_as: Open) -> None:
    for prompt in ("a blue cube falls", "a red ball bounces"):
        site.published(prompt)
    page = open_as(None)
    playing = "[...document.querySelectorAll('video')].map((v) => (v.paused ? '' : v.muted ? 'mute' : 'loud'))"
    until(page, playing, ["mute", ""])
    page.keyboard.press("j")
    until(page, playing, ["", "mute"])
    page.keyboard.press("m")
    until(page, playing, ["", "loud"])
    page.keyboard.press("ArrowUp")
    until(page, playing, ["loud", ""])
    page.keyboard.press("c")
    expect(page.locator("[data-shown]").get_by_text("SHA-256")).to_be_visible()


def test_a_refusal_shows_its_span_and_is_appealed(site: Site, open_as: Open) -> None:
    page = open_as(BEN)
    page.goto("/create/")
    page.get_by_label("What happens?").fill("a red ball bounces")
    page.get_by_label("Who is in it?").fill("Ana")
    page.get_by_role("button", name="Ask for this clip").click()
    expect(page.get_by_text("This was refused")).to_be_visible()
    page.get_by_text("This is wrong").click()
    page.get_by_label("Why is it wrong?").fill("She told me yes yesterday.")
    page.get_by_role("button", name="Contest it").click()
    expect(page.get_by_text("You have contested this.")).to_be_visible()


def test_a_reviewer_decides_by_keyboard_alone(site: Site, open_as: Open) -> None:
    with site.moving:
        for _ in range(2):
            site.scenario.request(BEN, "a red ball rolls away from a knife fight")
    page = open_as(CLEO, "/review/")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/*-*/")
    page.wait_for_selector("html[data-started]", state="attached")
    first = page.url
    page.keyboard.press("c")
    page.keyboard.type("A harmless scene.")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.get_by_text("Decided. This is the next case.")).to_be_visible()
    assert page.url != first
    site.settle()
    assert len(open_cases()) == 1


def test_the_clip_of_a_case_is_blurred_until_a_key_is_held(site: Site, open_as: Open) -> None:
    clip = site.published("a red ball bounces")
    page = open_as(DARA, f"/clips/{clip}/report/")
    page.get_by_label("Something else").check()
    page.get_by_role("button", name="Report").click()
    site.settle()
    page = open_as(CLEO, "/review/")
    page.keyboard.press("Enter")
    video = page.locator(".covered video")
    video.evaluate("(v) => v.play()")
    expect(video).to_have_css("filter", "blur(28px) grayscale(1)")
    page.keyboard.down("u")
    expect(video).to_have_css("filter", "none")
    page.keyboard.up("u")
    expect(video).to_have_css("filter", "blur(28px) grayscale(1)")
    assert video.evaluate("(v) => { v.muted = false; return new Promise((r) => setTimeout(() => r(v.muted), 200)); }")


def test_a_filing_refuses_the_next_prompt(site: Site, open_as: Open) -> None:
    dara = open_as(DARA, "/opt-outs/")
    dara.get_by_label("Character or work").fill("Zorblax")
    dara.get_by_role("button", name="File it").click()
    expect(dara.get_by_text("In force:")).to_be_visible()
    ben = open_as(BEN)
    request(ben, "a red ball and Z0rblax bounce")
    expect(ben.locator("mark")).to_have_text("Z0rblax")


def test_revoking_everything_asks_once_and_hides_the_clips(site: Site, open_as: Open) -> None:
    clip = site.published("a red ball bounces", ANA)
    ana = open_as(ANA, "/likeness/")
    ana.get_by_role("link", name="Stop everything").click()
    ana.get_by_role("button", name="Yes, stop everything").click()
    expect(ana.get_by_role("heading", name="Everything is stopped")).to_be_visible()
    answer = ana.request.get(f"{site.origin}/media/{clip}.mp4")
    assert answer.status == 410


def test_without_script_a_clip_is_requested_watched_and_published(site: Site, open_as: Open) -> None:
    signed_in = open_as(BEN)
    browser = signed_in.context.browser
    assert browser
    plain = browser.new_context(
        java_script_enabled=False, base_url=site.origin, storage_state=signed_in.context.storage_state()
    )
    plain.set_default_timeout(BOUND_MS)
    page = plain.new_page()
    request(page, "a red ball bounces")
    publish = page.get_by_role("button", name="Publish")
    publish.wait_for()
    with page.expect_navigation():  # leaving before the response would cancel the request
        publish.click()
    page.goto("/")
    expect(page.locator("video[controls]")).to_have_count(1)
    plain.close()
