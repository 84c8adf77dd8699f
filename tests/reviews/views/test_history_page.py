"""The history of a verdict: versions, comparison, seal, restoring."""

from __future__ import annotations

import dataclasses
import gzip
import json
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from reviews import checkpoints, history, redaction, signing
from reviews.states import Status
from tests import factories
from tests.witnessing import path_of


@pytest.fixture
def written(db):
    """A held review with three versions: written, evidence attached, summary changed."""
    review = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    save(review, "Landings fell by a tenth in 2025.")
    return review


def save(review, summary: str) -> None:
    history.save(
        review, by=review.checker, token=review.lease_token, seq=history.of(review).seq,
        draft=dataclasses.replace(factories.DRAFT, summary=summary),
    )  # fmt: skip


WORDS = "register shows a fall of a tenth"


def page(client, review, query=""):
    return client.get(f"{review.get_absolute_url()}history/{query}")


def test_it_lists_every_version_and_compares_the_newest_two(sign_in, written):
    answer = page(sign_in(written.checker), written)

    assert [version.seq for version in answer.context["versions"]] == [3, 2, 1]
    assert (answer.context["old"].seq, answer.context["new"].seq) == (2, 3)
    assert [field.field for field in answer.context["changes"]] == ["summary"]


@pytest.mark.parametrize(
    ("query", "compared"),
    [
        ("?from=1&to=3", (1, 3)),
        ("?from=3&to=1", (3, 1)),
        ("?to=2", (1, 2)),
        ("?from=9&to=x", (None, 3)),
    ],
)
def test_any_two_versions_can_be_compared(sign_in, written, query, compared):
    context = page(sign_in(written.checker), written, query).context

    assert (context["old"] and context["old"].seq, context["new"].seq) == compared


def test_it_shows_that_the_chain_is_sealed(sign_in, written):
    html = page(sign_in(written.checker), written).content.decode()

    assert "Sealed, chain verified to version 3" in html


def test_it_shows_how_far_it_was_signed(sign_in, written, site):
    client = sign_in(written.checker)
    assert "No checkpoint has been taken yet." in page(client, written).content.decode()

    taken = checkpoints.take()
    save(written, "Landings fell by a ninth.")

    said = f"verified to version 4, checkpointed to version 3 on {taken.taken_at:%-d %b %Y}"
    assert said in page(client, written).content.decode()


def test_it_says_of_what_is_younger_that_nothing_is_signed_yet(sign_in, site, db):
    checkpoints.take()
    review = factories.review_at(Status.SUBMITTED)

    html = page(sign_in(review.checker), review).content.decode()

    assert "In no checkpoint yet: it is younger than the newest." in html


def test_a_broken_seal_is_an_alarm(sign_in, written):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the table may not be altered
        cursor.execute("ALTER TABLE reviews_verdictversion DISABLE TRIGGER USER")
        cursor.execute("UPDATE reviews_verdictversion SET actor_name = 'Nobody' WHERE seq = 2")
        cursor.execute("ALTER TABLE reviews_verdictversion ENABLE TRIGGER USER")

    html = page(sign_in(written.checker), written).content.decode()

    assert "The seal is broken." in html
    assert "Verified to version 1" in html


def test_the_holder_restores_a_version_as_a_new_one(sign_in, written):
    client = sign_in(written.checker)
    address = f"{written.get_absolute_url()}history/1/restore/"

    answer = client.post(address, {"token": written.lease_token, "seq": 3})

    verdict = history.of(written)
    assert answer["Location"] == written.get_absolute_url()
    assert (verdict.seq, verdict.summary) == (4, factories.DRAFT.summary)


def test_restoring_on_top_of_an_unread_version_is_refused(sign_in, written):
    client = sign_in(written.checker)

    client.post(
        f"{written.get_absolute_url()}history/1/restore/",
        {"token": written.lease_token, "seq": 2},
    )

    assert history.of(written).seq == 3


def test_only_the_holder_is_offered_to_restore(sign_in, written):
    address = f"{written.get_absolute_url()}history/1/restore/"

    assert address in page(sign_in(written.checker), written).content.decode()
    assert address not in page(sign_in(factories.supervisor()), written).content.decode()


def test_a_verdict_nobody_wrote_has_no_history_yet(sign_in, db):
    html = page(sign_in(factories.fact_checker()), factories.review()).content.decode()

    assert "No version yet: nobody has saved anything." in html


def test_thirty_versions_cost_no_more_queries_than_two(sign_in, queries, written):
    client, address = sign_in(written.checker), f"{written.get_absolute_url()}history/"
    few = queries(client, address)
    for number in range(27):
        save(written, f"Draft {number}")

    assert queries(client, address) == few


# Who, what, which


def test_versions_are_narrowed_by_person_and_by_what_changed(sign_in, written):
    client, second = sign_in(written.checker), factories.supervisor()
    assert listed(client, written, f"?who={written.checker_id}") == [3, 2, 1]
    assert listed(client, written, f"?who={second.pk}") == [3, 2, 1]  # who wrote none narrows none
    assert listed(client, written, "?field=summary") == [3, 1]
    assert listed(client, written, "?field=evidence") == [2]
    assert listed(client, written, "?field=nonsense") == [3, 2, 1]


def listed(client, review, query: str) -> list[int]:
    return [version.seq for version in page(client, review, query).context["versions"]]


def test_of_many_versions_the_newest_come_first_and_the_older_on_further_pages(
    sign_in, written, monkeypatch
):
    monkeypatch.setattr("reviews.views.history.LISTED", 2)
    client = sign_in(written.checker)

    first = page(client, written)
    assert [version.seq for version in first.context["versions"]] == [3, 2]
    assert 'href="?before=2"' in first.content.decode()
    assert listed(client, written, "?before=2") == [1]
    assert page(client, written, "?before=2").context["new"].seq == 3


def test_every_version_has_a_page_that_shows_it_as_it_was(sign_in, written):
    client = sign_in(factories.fact_checker())

    html = client.get(f"{written.get_absolute_url()}history/1/").content.decode()
    assert "Version 1 of 3" in html
    assert WORDS in html
    assert "Landings fell by a tenth in 2025." not in html
    assert client.get(f"{written.get_absolute_url()}history/4/").status_code == 404


# Redacting


def test_a_supervisor_redacts_a_version_and_all_see_that_it_was(sign_in, written):
    client = sign_in(factories.supervisor(first_name="Ada", last_name="Decider"))
    where = f"{written.get_absolute_url()}history/1/"
    assert "Redact this version" in client.get(where).content.decode()

    answer = client.post(f"{where}redact/", {"reason": "A private person."}, follow=True)

    html = answer.content.decode()
    assert "What it said was redacted" in html
    assert "A private person." in html
    assert WORDS not in html
    listed_html = page(sign_in(written.checker), written).content.decode()
    assert "redacted by Ada Decider" in listed_html
    compared = page(sign_in(written.checker), written, "?from=1&to=2").content.decode()
    assert "One of them was redacted" in compared


def test_what_cannot_be_redacted_says_why_and_keeps_what_was_typed(sign_in, written):
    client = sign_in(factories.supervisor())
    where = f"{written.get_absolute_url()}history/3/"

    assert "It is what stands now" in client.get(where).content.decode()
    answer = client.post(f"{where}redact/", {"reason": "A private person."})
    assert answer.status_code == 422
    assert "It is what stands now" in answer.content.decode()
    assert "A private person." in answer.content.decode()


def test_who_checks_is_not_offered_to_redact(sign_in, written):
    html = sign_in(written.checker).get(f"{written.get_absolute_url()}history/1/").content.decode()

    assert "Redact this version" not in html


# The file, and the script that checks it

SCRIPT = Path(settings.BASE_DIR, "factcheck/static/desk/verify_history.py")


def checked(export: dict, folder: Path, *seal: str) -> tuple[int, str]:
    """What the script says of this export, run as an outsider would, without the desk."""
    file = folder / "history.json"
    file.write_text(json.dumps(export))
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, file, *seal], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def exported(sign_in, written) -> dict:
    redaction.redact(written, by=factories.supervisor(), seq=1, reason="A private person.")
    answer = sign_in(written.checker).get(f"{written.get_absolute_url()}history.json")
    assert answer["Content-Disposition"] == f'attachment; filename="history-{written.ref}.json"'
    return answer.json()


def test_an_outsider_checks_the_export_with_forty_lines(exported, tmp_path, written):
    head = history.of(written).versions.get(seq=3).hash

    assert len(SCRIPT.read_text().splitlines()) <= 40
    assert exported["head"] == head
    assert checked(exported, tmp_path, head) == (
        0, f"3 versions, the chain holds. Newest seal: {head}\n",
    )  # fmt: skip


TAMPERED = {
    "a word": (lambda rows: rows[1].update(content=rows[1]["content"].replace("a", "e")),
               "Version 2 does not say what was sealed."),
    "who": (lambda rows: rows[0].update(actor_name="Somebody else"),
            "Version 1 does not fit the chain."),
    "when": (lambda rows: rows[2].update(at=rows[1]["at"]), "Version 3 does not fit the chain."),
    "one left out": (lambda rows: rows.pop(1), "Version 2 is missing."),
    "the last left out": (lambda rows: rows.pop(), "No version has the seal"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_changed_in_the_file_is_named(exported, tmp_path, what):
    change, says = TAMPERED[what]
    change(exported["versions"])

    code, said = checked(exported, tmp_path, exported["head"])
    assert code == 1
    assert says in said


def test_a_stand_alone_page_says_how(client, db, site):
    html = client.get("/checks/verify-history/").content.decode()

    assert "python3 verify_history.py history.json SEAL" in html
    assert "hashlib.sha256(text.encode())" in html
    assert "No checkpoint has been taken yet." in html
    assert not site.CHECKPOINT_KEY.exists()


def test_it_tells_the_newest_checkpoint_and_the_key(client, db, site):
    taken = checkpoints.take()
    [key] = signing.public_keys()

    html = client.get("/checks/verify-history/").content.decode()

    for told in (taken.hash, signing.pem(key).splitlines()[1], signing.fingerprint(key)):
        assert told in unescape(html)
    assert "PRIVATE" not in html
    site.CHECKPOINT_KEY.unlink()
    html = client.get("/checks/verify-history/").content.decode()
    assert "Ask us for it" in html


CHECKPOINT_SCRIPT = SCRIPT.with_name("verify_checkpoint.py")


@pytest.fixture
def attested(exported, site, tmp_path) -> tuple[dict, Path, Path]:
    """An export, a checkpoint that has it, and the key."""
    path = path_of(checkpoints.take())
    key = tmp_path / "public.pem"
    key.write_text(signing.pem(signing.public_keys()[0]))
    return exported, path, key


def against(export: dict, checkpoint: Path, key: Path) -> tuple[int, str]:
    """What the script for checkpoints says, run as an outsider would."""
    file = key.with_name("history.json")
    file.write_text(json.dumps(export))
    done = subprocess.run(
        [sys.executable, "-I", CHECKPOINT_SCRIPT, key, checkpoint, file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_an_outsider_checks_a_history_against_a_checkpoint(attested, written):
    export, checkpoint, _ = attested
    assert len(CHECKPOINT_SCRIPT.read_text().splitlines()) <= 60
    code, said = against(*attested)
    assert code == 0
    assert said.endswith(": signed. It has version 3 as it is here.\n")

    export["versions"][2]["hash"] = "0" * 64
    code, said = against(*attested)
    assert (code, "signed another version 3: this history was rewritten." in said) == (1, True)
    export["review"] = "0000000000"
    assert "does not have this check" in against(*attested)[1]

    lines = gzip.decompress(checkpoint.read_bytes()).splitlines(keepends=True)
    checkpoint.write_bytes(gzip.compress(b"".join(lines[:-1])))
    assert against(*attested) == (
        1,
        "The heads of this checkpoint are not those that were signed.\n",
    )
    checkpoint.write_bytes(gzip.compress(lines[0].replace(b"1", b"2", 1) + b"".join(lines[1:])))
    assert against(*attested) == (1, "This checkpoint was not signed with this key.\n")
