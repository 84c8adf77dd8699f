"""Which functions of the rooms write rows, read from the code: none can be forgotten by a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOM = Path(__file__).resolve().parent.parent / "reviews"
EDGES = {
    "admin",
    "apps",
    "forms",
    "policy_forms",
    "queue_forms",
    "models",
    "tasks",
    "urls",
    "public_urls",
}
WRITES = {
    "save", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "delete",
    "move", "raw",
}  # fmt: skip


def writing_functions() -> set[str]:
    """The public functions that write, themselves or through others, as "room.function"."""
    calls = {name: set(_calls(name, node)) for name, node in _functions().items()}
    writing = {name for name, node in _functions().items() if any(map(_writes, ast.walk(node)))}
    while more := {name for name in calls if calls[name] & writing} - writing:
        writing |= more
    return {name for name in writing if not name.partition(".")[2].startswith("_")}


def _functions() -> dict[str, ast.FunctionDef]:
    return {
        f"{path.stem}.{node.name}": node
        for path in sorted(ROOM.glob("*.py"))
        if path.stem not in EDGES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }


def _calls(name: str, function: ast.FunctionDef) -> Iterator[str]:
    """What it calls: a function beside it, or one of another room."""
    room = name.partition(".")[0]
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=beside):
                    yield f"{room}.{beside}"
                case ast.Attribute(value=ast.Name(id=other), attr=called):
                    yield f"{other}.{called}"


def _writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    # A query is updated by keywords, a dict or a set by position.
    updates = node.func.attr == "update" and bool(node.keywords) and not node.args
    return node.func.attr in WRITES or updates
