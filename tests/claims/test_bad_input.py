"""The hostile files that others collected, which are not part of the project, through intake.

`make bench` sends each of them in on every way there is; here some of each corpus come in once, in
a thorough run all of them.
"""

from __future__ import annotations

from base64 import b64encode

import pytest
from django.test import Client

from claims import handing, reading, tokens
from tests import bad_input, factories
from tests.serving import signed_in
from tests.thorough import THOROUGH

pytestmark = pytest.mark.skipif(
    not bad_input.CORPORA.is_dir(), reason="../shared/data is not beside the project"
)


def test_every_file_becomes_an_article_or_is_named(db):
    for name, found in bad_input.corpora(bad_input.CORPORA).items():
        paths = found if THOROUGH else found[:: max(len(found) // 12, 1)]
        taken = bad_input.take_in_all(paths, name)

        assert [str(one) for one in taken.failures if not bad_input.told(one)] == []
        assert len(taken.receipts) + len(taken.failures) == len(paths)
    assert bad_input.half_rows() == []


@pytest.mark.skipif(not THOROUGH, reason="minutes: FACTCHECK_THOROUGH=1")
def test_every_file_in_every_way_is_read_or_named():
    for paths in bad_input.corpora(bad_input.CORPORA).values():
        for path in paths:
            for content, name in bad_input.every_way(path.read_bytes()):
                found = reading.read(content, name=name)
                assert found.documents or found.failures
                assert [one for one in found.failures if not bad_input.told(one)] == []


def test_every_file_handed_in_as_checks_or_claims_is_answered_clearly(db):
    for found in bad_input.corpora(bad_input.CORPORA).values():
        for path in found if THOROUGH else found[:: max(len(found) // 3, 1)]:
            answers = list(bad_input.handed(path.read_bytes()))

            assert [why for answer in answers for why in bad_input.unclear(answer)] == []
    assert bad_input.half_rows() == []


def test_every_file_handed_in_on_a_page_is_shown_taken_in_or_refused_clearly(db, monkeypatch):
    """One file of each corpus, all in a thorough run, by every field that takes any."""
    for name in ("sweep_analyses", "sweep_imports", "look_at_offer"):
        monkeypatch.setattr(f"claims.tasks.{name}.delay_on_commit", lambda **fields: None)
    client = signed_in(factories.superuser())
    for found in bad_input.corpora(bad_input.CORPORA).values():
        for path in found if THOROUGH else found[len(found) // 2 :][:1]:
            for way, answer in bad_input.by_page(client, path.read_bytes(), path.name):
                assert (path.name, way, bad_input.unclear_page(answer)) == (path.name, way, "")
    assert bad_input.half_rows() == []


def test_every_line_sent_by_the_public_form_and_the_api_is_answered_clearly(db, settings):
    """Some of the lines, all of them in a thorough run: stored as text, or refused and told why."""
    settings.TIPS_PER_ADDRESS = settings.TIPS_PER_HOUR = 10**6
    settings.API_REQUESTS_PER_MINUTE = 10**6
    owner = factories.fact_checker()
    _, secret = tokens.make(owner, name="Feeder", scopes=["articles:write", "tips:write"], days=7)
    form, program = Client(), Client(headers={"Authorization": f"Bearer {secret}"})
    lines = (bad_input.CORPORA / "blns" / "blns.txt").read_bytes().splitlines()
    for line in lines if THOROUGH else lines[::25]:
        text = line.decode(errors="replace")
        sent = form.post("/checks/send/", {"text": text, "url": text, "contact": text})
        tip = {"text": text, "claimant": text, "note": text, "url": text}
        article = {"text": text, "title": text, "source": text, "author": text}
        answers = [
            program.post(f"/api/v1/{where}", body, "application/json")
            for where, body in (("tips", tip), ("articles", article), ("articles", {"html": text}))
        ]

        assert sent.status_code in (302, 422), text
        assert {answer.status_code for answer in answers} <= {200, 201, 422}, text
        assert {answer["Content-Type"].partition(";")[0] for answer in answers} == {
            "application/json"
        }
    assert bad_input.half_rows() == []


def test_every_file_sent_to_the_api_is_stored_or_refused_clearly(db, settings):
    """As a file of its own name, and of the name that a text without one is given."""
    settings.API_REQUESTS_PER_MINUTE = 10**6
    owner = factories.fact_checker()
    _, secret = tokens.make(owner, name="Feeder", scopes=["articles:write"], days=7)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    for found in bad_input.corpora(bad_input.CORPORA).values():
        for path in found if THOROUGH else found[:: max(len(found) // 6, 1)]:
            content = b64encode(path.read_bytes()).decode()
            for name in (path.name[:200], handing.TEXT, handing.PAGE):
                body = {"file": {"name": name, "base64": content}}
                answer = program.post("/api/v1/articles", body, "application/json")

                assert answer.status_code in (200, 201, 202, 422), (path.name, name)
                said = answer.json()
                assert answer.status_code == 202 or said.get("articles") or said["errors"]
                assert [one for one in said.get("errors", ()) if "Traceback" in one["why"]] == []
    assert bad_input.half_rows() == []
