"""The rule files, read once: what editors wrote, ready to match."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from claims.text.patterns import Pattern, PatternReader
from claims.text.values import FlagKind

FOLDER = resources.files("claims.text") / "rules"
# One rule file for each language, named by its ISO 639-1 code.
LANGUAGES = frozenset(
    file.name.removesuffix(".toml")
    for file in FOLDER.iterdir()
    if re.fullmatch(r"[a-z]{2}\.toml", file.name)
)
_OF_ONE_LANGUAGE = re.compile(r"(?:figures_)?([a-z]{2})\.toml")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a rule file; its head explains the fields."""

    id: str
    kind: FlagKind
    patterns: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    subject: frozenset[str]
    quoted: bool
    scope: str
    confidence: float
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules of one language and its word lists, by section and name.

    A section or a list that the file does not have is empty: nothing is found by it.
    """

    language: str
    rules: tuple[Rule, ...]
    words: Mapping[str, Mapping[str, Any]]
    reader: PatternReader
    sets: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, repr=False)

    def set_of(self, section: str, name: str) -> frozenset[str]:
        """The single words listed under a name; `|` separates them too."""
        found = self.sets.get((section, name))
        if found is None:
            lines = self.words.get(section, {}).get(name, ())
            found = frozenset(word for line in lines for word in line.split("|"))
            self.sets[section, name] = found
        return found

    def regex_of(self, section: str, name: str) -> str:
        """Any of the patterns listed under a name, as a regular expression for folded text."""
        return self.reader.any_of(self.words.get(section, {}).get(name, ()))


@cache
def rule_book(language: str) -> RuleBook:
    """Read and compile the rules of `language`.

    :raises Malformed: if a pattern is not written in the pattern language.
    """
    content = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    reader = PatternReader(content.get("phrases", {}))
    return RuleBook(
        language=content["language"],
        rules=tuple(_rule(row, reader) for row in content.get("rule", ())),
        words={name: value for name, value in content.items() if isinstance(value, dict)},
        reader=reader,
    )


def compile_rules(language: str) -> int:
    """Compile now what is else compiled when a text first needs it; takes about two seconds.

    :return: how many patterns there are.
    """
    rules = rule_book(language).rules
    return len([pattern.regex for rule in rules for pattern in (*rule.patterns, *rule.unless)])


def _rule(row: dict[str, Any], reader: PatternReader) -> Rule:
    return Rule(
        id=row["id"],
        kind=FlagKind(row["kind"]),
        patterns=tuple(map(reader.pattern, row["patterns"])),
        unless=tuple(map(reader.pattern, row.get("unless", ()))),
        subject=frozenset(row.get("subject", ())),
        quoted=row.get("quoted", False),
        scope=row.get("scope", ""),
        confidence=row["confidence"],
        examples=tuple(row["examples"]),
        counter_examples=tuple(row["counter_examples"]),
    )


@cache
def outlet_file() -> dict[str, Any]:
    """The outlets and institutions as written in `outlets.toml`."""
    return tomllib.loads((FOLDER / "outlets.toml").read_text("utf-8"))


@cache
def furniture_file() -> dict[str, list[str]]:
    """The lists of patterns in `furniture.toml`, by name."""
    return tomllib.loads((FOLDER / "furniture.toml").read_text("utf-8"))


@cache
def word_list(file: str, name: str) -> frozenset[str]:
    """The words listed under `name` in a rule file that is only word lists."""
    content = tomllib.loads((FOLDER / f"{file}.toml").read_text("utf-8"))
    return frozenset(word for line in content[name] for word in line.split())


@cache
def rules_version(language: str) -> str:
    """Name the rules by which texts in `language` are read, such as "de-1a2b3c4d".

    It changes whenever one of their files does, and with no other language's. All languages without
    rules have one version together, which changes when any of them gets rules.
    """
    known = language in LANGUAGES
    content = hashlib.sha256(b"" if known else " ".join(sorted(LANGUAGES)).encode())
    for file in sorted(FOLDER.iterdir(), key=lambda file: file.name) if known else ():
        only = _OF_ONE_LANGUAGE.fullmatch(file.name)
        if file.name.endswith(".toml") and (only is None or only[1] == language):
            content.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"{language if known else 'none'}-{content.hexdigest()[:8]}"


def rules_versions() -> frozenset[str]:
    """The versions of the rules of all languages as they are now."""
    return frozenset(map(rules_version, (*LANGUAGES, "")))
