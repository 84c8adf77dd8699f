"""`manage.py scan`: what the engine finds in a text, without touching a database."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from claims import text as engine

MOST_BYTES = 20_000_000
BOLD, PLAIN = "\033[1m", "\033[0m"


class Unreadable(Exception):
    """A file that cannot be read as text; says which and why."""


class Command(BaseCommand):
    help = "Show claims and unverified items in text files; - reads standard input."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one JSON document for each file")
        parser.add_argument("--lang", default=None, help="language code; detected when left out")
        parser.add_argument("--outlet", default="", help="who publishes the text")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = False
        for name in options["files"]:
            try:
                content = read(name)
            except Unreadable as problem:
                self.stderr.write(str(problem))
                failed = True
                continue
            found = engine.analyse(content, language=options["lang"], outlet=options["outlet"])
            if options["json"]:
                self.stdout.write(json.dumps(document(name, content, found)))
            else:
                self.stdout.write(page(name, content, found, colour=self.stdout.isatty()))
        if failed:
            sys.exit(1)


def read(name: str) -> str:
    """Return the text of a file, or of standard input for "-", line ends as they are.

    :raises Unreadable: if it is missing, a folder, too large or not UTF-8.
    """
    try:
        if name == "-":
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Unreadable(f"{name}: {reason}") from error
    if len(content) > MOST_BYTES:
        raise Unreadable(f"{name}: larger than {MOST_BYTES // 1_000_000} MB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name}: not UTF-8 text (byte {error.start})") from error


def document(name: str, text: str, found: engine.Analysis) -> dict[str, Any]:
    """What was found as JSON values; offsets are half-open characters into the file's text."""
    return {
        "file": name,
        "lang": found.language,
        "supported": found.supported,
        "sentences": len(found.sentences),
        "flags": [
            {
                "kind": flag.kind,
                **_place(flag.cue),
                "cue": flag.cue.of(text),
                "rule": flag.rule,
                "who": flag.who,
                "agent": flag.agent,
                "confidence": flag.confidence,
                "scope": flag.scope,
                "covers": [_place(span) for span in flag.covers],
            }
            for flag in found.flags
        ],
        "claims": [
            {
                **_place(claim.span),
                "text": claim.wording,
                "claimant": claim.claimant,
                "worthiness": claim.worthiness,
                "reasons": list(claim.reasons),
            }
            for claim in found.claims
        ],
        "attributions": [
            {
                "name": said.name,
                "source": _place(said.source) if said.source else None,
                "cue": _place(said.cue),
                "content": _place(said.content),
                "direct": said.direct,
                "anonymous": said.anonymous,
            }
            for said in found.attributions
        ],
        "citations": [
            {"name": cited.name, "kind": cited.kind, **_place(cited.span)}
            for cited in found.citations
        ],
    }


def _place(span: engine.Span) -> dict[str, int]:
    return {"start": span.start, "end": span.end}


def page(name: str, text: str, found: engine.Analysis, *, colour: bool) -> str:
    """What was found for a person to read, the cues marked in their sentences."""
    language = found.language or "unknown language"
    lines = [f"{_shown(name)}: {language}, {len(found.sentences)} sentences"]
    if not found.supported:
        return "\n".join([*lines, "  No rules for this language: nothing was looked for.", ""])
    lines.append(f"  {len(found.flags)} unverified items")
    for flag in found.flags:
        by = f", by {_shown(flag.agent)}" if flag.agent else ""
        lines.append(f"    {flag.kind.label}{by} (characters {flag.cue.start} to {flag.cue.end})")
        lines.append(f"      {_marked(text, flag, colour=colour)}")
    lines.append(f"  {len(found.claims)} claims")
    for claim in found.claims:
        claimant = f" [{claim.claimant}]" if claim.claimant else ""
        lines.append(f"    {claim.worthiness:.2f}  {_shown(claim.wording + claimant)}")
    if found.citations:
        cited = ", ".join(citation.name for citation in found.citations)
        lines.append(f"  Rests on: {_shown(cited)}")
    return "\n".join([*lines, ""])


def _marked(text: str, flag: engine.Finding, *, colour: bool) -> str:
    before = text[flag.sentence.start : flag.cue.start]
    after = text[flag.cue.end : flag.sentence.end]
    opening, closing = (BOLD, PLAIN) if colour else ("[", "]")
    return f"{_shown(before)}{opening}{_shown(flag.cue.of(text))}{closing}{_shown(after)}"


def _shown(words: str) -> str:
    """`words` on one line, without what would steer a terminal."""
    return "".join(
        mark if mark.isprintable() else " " if mark.isspace() else "\N{REPLACEMENT CHARACTER}"
        for mark in words
    )
