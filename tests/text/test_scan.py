"""`manage.py scan` shows what the engine finds, and touches no database."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

TEXT = "The mayor, Mira Holt, said 40 boats were lost. The claims have not been verified.\n"


def scan(*arguments):
    out, err = StringIO(), StringIO()
    code = 0
    try:
        call_command("scan", *arguments, stdout=out, stderr=err)
    except SystemExit as stop:
        code = stop.code
    return out.getvalue(), err.getvalue(), code


@pytest.fixture
def article(tmp_path):
    path = tmp_path / "boats.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_it_prints_one_json_document_for_each_file(article):
    out, err, code = scan(str(article), str(article), "--json", "--lang", "en")
    first, second = map(json.loads, out.splitlines())
    [flag] = first["flags"]
    assert first == second
    assert (first["file"], first["lang"], first["sentences"]) == (str(article), "en", 2)
    assert TEXT[flag["start"] : flag["end"]] == flag["cue"] == "The claims have not been verified"
    assert (flag["kind"], flag["who"]) == ("passive_disclaimer", "nobody")
    assert [claim["claimant"] for claim in first["claims"]] == ["Mira Holt"]
    assert (err, code) == ("", 0)


def test_it_marks_the_cue_for_a_reader(article):
    out, _, _ = scan(str(article), "--lang", "en")
    assert "[The claims have not been verified]." in out
    assert "40 boats were lost. [Mira Holt]" in out


def test_it_names_a_bad_file_and_goes_on(article, tmp_path):
    broken = tmp_path / "broken.txt"
    broken.write_bytes(b"fine \xff\xfe")
    missing = tmp_path / "missing.txt"
    out, err, code = scan(str(missing), str(broken), str(article), "--json")
    assert err.splitlines() == [
        f"{missing}: No such file or directory",
        f"{broken}: not UTF-8 text (byte 5)",
    ]
    assert len(out.splitlines()) == 1
    assert code == 1


def test_it_neutralises_what_would_steer_a_terminal(tmp_path):
    path = tmp_path / "hostile.txt"
    path.write_text("The \x1b[31mclaims have not been verified by anybody.", encoding="utf-8")
    out, _, _ = scan(str(path), "--lang", "en")
    assert "\x1b" not in out
