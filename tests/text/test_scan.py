"""`manage.py scan` shows what the engine finds, and touches no database."""

import json
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from claims.text import analyse

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


@pytest.mark.parametrize("arguments", [["-"], []])
def test_it_reads_standard_input(arguments):
    run = subprocess.run(
        [sys.executable, "manage.py", "scan", *arguments, "--json", "--lang", "en"],
        input=TEXT.encode(),
        capture_output=True,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert [flag["start"] for flag in json.loads(run.stdout)["flags"]] == [TEXT.index("The claims")]


def answers(path, *arguments):
    out, err, code = scan(str(path), "--jsonl", *arguments)
    return [json.loads(line) for line in out.splitlines()], err, code


@pytest.fixture
def lines(tmp_path):
    def write(*rows):
        path = tmp_path / "in.jsonl"
        path.write_text(
            "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows),
            encoding="utf-8",
        )
        return path

    return write


def test_a_line_of_json_is_answered_by_a_line(lines):
    [answer], err, code = answers(lines({"id": 7, "text": TEXT, "lang": "en"}))
    found = analyse(TEXT, language="en")
    [flag], [said], [claim] = found.flags, found.attributions, found.claims
    assert answer == {
        "id": 7,
        "lang": "en",
        "sentences": 2,
        "flags": [
            {
                "kind": "passive_disclaimer",
                "start": flag.cue.start,
                "end": flag.cue.end,
                "cue": "The claims have not been verified",
                "rule": "en.not-verified",
                "who": "nobody",
                "confidence": flag.confidence,
            }
        ],
        "claims": [
            {
                "start": claim.span.start,
                "end": claim.span.end,
                "text": "40 boats were lost.",
                "claimant": "Mira Holt",
                "worthiness": claim.worthiness,
                "reasons": list(claim.reasons),
            }
        ],
        "attributions": [
            {
                "source": [said.source.start, said.source.end],
                "cue": [said.cue.start, said.cue.end],
                "content": [said.content.start, said.content.end],
            }
        ],
    }
    assert (err, code) == ("", 0)


def test_an_attribution_without_a_source_has_none(lines):
    text = "There are reports that two bridges were closed on Monday."
    [answer], _, _ = answers(lines({"id": 1, "text": text, "lang": "en"}))
    assert [said["source"] for said in answer["attributions"]] == [None]


def test_a_malformed_line_is_named_and_the_rest_goes_on(lines):
    path = lines(
        {"id": "a", "text": "We left."},
        "nonsense\n",
        "\n",
        {"id": "b", "text": 3},
        {"text": "Nobody's."},
        '{"id": "c", "text": "x", "lang": 5}\n',
        "[1, 2]\n",
        "[" * 5000 + "\n",
        {"id": "d", "text": "They stayed.", "lang": "en"},
    )
    found, err, code = answers(path)
    assert [(answer["id"], "error" in answer) for answer in found] == [
        ("a", False), (None, True), ("b", True), (None, True), ("c", True), (None, True),
        (None, True), ("d", False),
    ]  # fmt: skip
    assert [line.split(":")[0] for line in err.splitlines()] == [
        f"{path}, line {number}" for number in (2, 4, 5, 6, 7, 8)
    ]
    assert code == 1


def test_bytes_that_are_no_text_are_a_malformed_line(tmp_path):
    path = tmp_path / "bytes.jsonl"
    path.write_bytes(b'{"id": 1, "text": "\xff"}\n{"id": 2, "text": "fine"}\n')
    found, _, code = answers(path)
    assert [("error" in answer, answer["id"]) for answer in found] == [(True, None), (False, 2)]
    assert code == 1


def test_lone_surrogates_go_through(lines):
    text = "\ud800 The claims have not been veri\udfffed. The reports were not confirmed \udc00."
    [answer], err, code = answers(lines({"id": "\ud801", "text": text, "lang": "en"}))
    assert (answer["id"], err, code) == ("\ud801", "", 0)
    assert [text[flag["start"] : flag["end"]] for flag in answer["flags"]] == [
        flag["cue"] for flag in answer["flags"]
    ]
    assert answer["flags"]


def test_a_language_without_rules_is_said_to_have_none(lines):
    row = {"id": 1, "text": "Statek zatonął w porcie.", "lang": "pl"}
    (answer,), _, code = answers(lines(row))

    assert (answer["lang"], answer["supported"], answer["flags"], code) == ("pl", False, [], 0)


def test_a_reader_who_has_enough_ends_it_quietly():
    program = [sys.executable, "manage.py", "scan", "--jsonl"]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        running.stdin.write(f"{json.dumps({'id': 1, 'text': TEXT})}\n")
        running.stdin.flush()
        running.stdout.readline()
        running.stdout.close()
        running.stdin.write(f"{json.dumps({'id': 2, 'text': TEXT})}\n" * 3)
        running.stdin.close()

        assert (running.stderr.read(), running.wait()) == ("", 141)


def test_every_line_is_answered_before_the_next_is_sent():
    with subprocess.Popen(
        [sys.executable, "manage.py", "scan", "--jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        for number in range(3):
            process.stdin.write(b'{"id": %d, "text": "We left.", "lang": "en"}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_both_forms_of_json_at_once_are_refused(article):
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("scan", str(article), "--json", "--jsonl")
