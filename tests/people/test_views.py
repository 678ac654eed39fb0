"""Signing in by a link, joining by invitation, and signing out."""

import re
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import urlsplit

from placet.people.sign_in import link_for
from tests.support.cast import ANA, BEN, EVE
from tests.support.fake_worker import FakeWorker
from tests.support.visitor import Visit


def path_of(link: str) -> str:
    return urlsplit(link).path


def test_get_does_not_use_a_link_and_post_signs_in(visit: Visit) -> None:
    ana, link = visit(None), path_of(link_for(ANA))
    assert "Sign in as Ana" in ana.get(link)
    ana.get(link)
    ana.post(link)
    assert "Signed in as" in ana.get("/")
    ana.get("/notices/")


def test_a_link_works_once(visit: Visit) -> None:
    link = path_of(link_for(BEN))
    visit(None).post(link)
    assert "sign_in_link_used" in visit(None).post(link, status=403)
    assert "sign_in_link_used" in visit(None).get(link, status=403)


def test_a_link_expires_after_an_hour(visit: Visit) -> None:
    link = path_of(link_for(BEN))
    later = (datetime.now(UTC) + timedelta(minutes=61)).timestamp()
    with patch("sesame.tokens_v2.time.time", return_value=later):
        visit(None).get(link, status=403)


def test_a_token_under_another_nonce_is_refused(visit: Visit) -> None:
    (ours, theirs) = (path_of(link_for(who)).split("/") for who in (ANA, EVE))
    visit(None).get("/".join([*theirs[:2], ours[2], *theirs[3:]]), status=403)


def test_an_invitation_lets_one_person_in(visit: Visit, worker: FakeWorker) -> None:
    page = visit(BEN).post("/invites/", status=200)
    found = re.search(r'value="http://testserver(/join/[^"]+)"', page)
    assert found
    newcomer = visit(None)
    newcomer.get(found[1])
    assert newcomer.post(found[1], name="Finn", email="") == "/likeness/"
    worker.scenario.driver.run()
    assert "Finn" in newcomer.get("/likeness/")
    assert "works once" in visit(None).post(found[1], status=422, name="Gus", email="")


def test_signing_out_ends_it(visit: Visit) -> None:
    ben = visit(BEN)
    ben.get("/drafts/")
    ben.post("/sign-out/")
    ben.get("/drafts/", status=302)


def test_scripts_cannot_read_the_session_cookie(visit: Visit) -> None:
    ben = visit(None)
    ben.post(path_of(link_for(BEN)))
    cookie = ben.client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_pages_allow_only_own_scripts(visit: Visit) -> None:
    policy = visit(None).client.get("/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_an_unknown_url_is_not_found(visit: Visit) -> None:
    assert "There is nothing at this address." in visit(None).get("/nowhere/", status=404)
