"""Tables of claims from other desks: every row answered, none stored by halves."""

from __future__ import annotations

import base64
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from claims import tables, tips
from claims.models import Claim, Tip
from claims.reading import Unreadable
from reviews import queue
from tests import factories
from tests.serving import signed_in

pytestmark = pytest.mark.django_db
TABLE = """Claim;Said by;Lang;Link;Date;Remarks;Our number
The harbour lost 40 boats in a year.;The mayor;en;https://bay.example/1;2026-03-02;seen twice;7
"The port was ""closed"";
for 12 days in May 2025.";;en;;;;8
The harbour lost 40 boats in a year.;The union;en;;;;9
;The mayor;en;;;;10
The catch fell by 30 percent in 2025.;;en;;2 March;;11
"=HYPERLINK(""https://x.example"") cost the port 3 million euros.";;en;;;=1+1;12
"""


def take_in(content: str | bytes, by=None, **options):
    packed = content.encode() if isinstance(content, str) else content
    return tables.take_in(packed, name="tips.csv", by=by or factories.fact_checker(), **options)


def outcomes(report: tables.Report) -> list[tuple[int, str, str]]:
    return [(one.line, one.outcome.value, one.why) for one in report.answers]


def test_every_row_is_answered_and_one_bad_row_stops_none():
    report = take_in(TABLE)

    assert outcomes(report) == [
        (2, "new claim", ""),
        (4, "new claim", ""),
        (5, "joined a known claim", ""),
        (6, "failed", "There is nothing in it to check."),
        (7, "failed", "“2 March” is not a date such as 2026-01-31."),
        (8, "new claim", ""),
    ]
    assert report.unread == ("Our number",)
    first = Tip.objects.order_by("pk")[0]
    assert (first.claimant, first.url, first.note, first.place, first.state) == (
        "The mayor", "https://bay.example/1", "seen twice", "tips.csv, line 2", "accepted",
    )  # fmt: skip
    assert first.claim.claimant.name == "The mayor"


def test_its_claims_come_into_the_queue():
    take_in(TABLE)

    assert queue.open_reviews() == Claim.objects.count() == 3


def test_the_same_table_again_is_known():
    take_in(TABLE)
    before = (Tip.objects.count(), Claim.objects.count())
    again = take_in(TABLE)

    assert [one.outcome for one in again.answers if one.outcome != "failed"] == [
        "was here already"
    ] * 4
    assert again.answers[0].why == "as tips.csv, line 2"
    assert (Tip.objects.count(), Claim.objects.count()) == before


def test_a_preview_tells_the_same_and_stores_nothing():
    by = factories.fact_checker()
    told = tables.preview(TABLE.encode(), name="tips.csv", by=by)
    assert (Tip.objects.count(), Claim.objects.count()) == (0, 0)

    assert outcomes(told) == outcomes(take_in(TABLE, by))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_it_is_read_whatever_wrote_it(delimiter, encoding):
    rows = [["WORDING", "claim-ant", "language"], ["Die Häfen verloren 40 Boote.", "x", "de"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    take_in(text.encode(encoding))

    assert Tip.objects.get().text == "Die Häfen verloren 40 Boote."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 9, "its bytes are no text"),
        (b"a,b\nc,d", "its first line names no column “wording”, which each claim needs"),
        (b"claim,text\nc,d", "two of its columns are a wording"),
    ],
)
def test_what_is_no_table_of_claims_is_said_to_be_none(content, why):
    with pytest.raises(Unreadable, match=why):
        take_in(content)


def test_a_cell_without_end_ends_the_reading_and_not_the_rows_before():
    content = "claim,lang\nThe harbour lost 40 boats.,en\n" + '"' + "x" * 140_000
    report = take_in(content)

    assert [one.outcome.value for one in report.answers] == ["new claim", "failed"]
    assert (
        report.answers[1].why == "the rest cannot be read: field larger than field limit (131072)"
    )


def test_no_more_rows_are_read_than_agreed():
    report = take_in("claim,lang\nThe harbour lost 40 boats.,en\nIt lost 50 boats.,en\n", most=1)

    assert outcomes(report)[1] == (3, "failed", "more than 1 rows; the rest is not read")


def test_answers_are_exported_without_a_formula():
    exported = tables.as_csv(take_in(TABLE))

    assert "\"'=HYPERLINK(" in exported
    assert Tip.objects.get(note="=1+1").text.startswith("=HYPERLINK(")


def test_an_exported_queue_finds_its_claims_again():
    """Apostrophes that an export put before signs are read like all that others write."""
    take_in("claim\tlang\nThe port lost 40 boats;=1+1;in 2025.\ten\n-5 degrees in May 2025.\ten\n")
    queue.open_reviews()
    client = signed_in(factories.fact_checker())

    report = take_in(client.get("/queue.csv?view=open").getvalue())

    assert sorted((one.wording, one.outcome.value) for one in report.answers) == [
        ("'-5 degrees in May 2025.", "joined a known claim"),
        ("The port lost 40 boats;'=1+1;in 2025.", "joined a known claim"),
    ]


def test_a_row_that_the_database_refuses_is_named_and_leaves_no_half(monkeypatch):
    monkeypatch.setattr(tips, "key_of", lambda asked: "x" * 65)
    report = take_in(TABLE)

    assert {one.outcome.value for one in report.answers} == {"failed"}
    assert "not stored: value too long" in report.answers[0].why
    assert (Tip.objects.count(), Claim.objects.count()) == (0, 0)


# The page and the command


def test_a_person_sees_first_and_keeps_then():
    client = signed_in(factories.fact_checker())
    sent = {"file": SimpleUploadedFile("tips.csv", TABLE.encode())}
    page = client.post("/tips/table/", sent).content.decode()
    counts = re.findall(r"([A-Z][a-z ]+): <strong>(\d)</strong>", page)
    assert counts == [
        ("New claim", "3"), ("Joined a known claim", "1"), ("Was here already", "0"),
        ("Failed", "2"),
    ]  # fmt: skip
    assert Tip.objects.count() == 0
    packed = base64.b64encode(TABLE.encode()).decode()
    assert packed in page
    client.post("/tips/table/", {"packed": packed, "name": "tips.csv", "keep": "1"})

    assert Tip.objects.count() == 4


@pytest.mark.parametrize("sent", [{}, {"packed": "*"}, {"packed": "YQ=="}])
def test_without_a_table_the_page_says_so(sent):
    answer = signed_in(factories.fact_checker()).post("/tips/table/", sent)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_the_command_names_what_failed_by_line(tmp_path, capsys):
    path, person = tmp_path / "tips.csv", factories.fact_checker()
    path.write_text(TABLE)
    with pytest.raises(CommandError, match="Some rows failed"):
        call_command("import_claims", path, "--as", person.username)

    said = capsys.readouterr()
    assert said.out == "3 new claim, 1 joined a known claim, 0 was here already, 2 failed\n"
    assert "line 6: There is nothing in it to check." in said.err


def test_the_command_takes_tables_from_those_who_may():
    editor = factories.data_editor()

    with pytest.raises(CommandError, match="may not hand in claims"):
        call_command("import_claims", "x.csv", "--as", editor.username)
