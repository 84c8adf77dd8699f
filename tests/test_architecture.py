"""The rules of the house that a reader of one file cannot see kept, read from the code itself.

Imports between rooms are contracts of import-linter, in `make check`; they are not repeated here.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from celery import Task
from django.apps import apps
from django.db.models import PROTECT, ForeignKey

from claims import tasks as claims_tasks
from reviews import history
from reviews import tasks as reviews_tasks
from reviews.models import User, Verdict, VerdictVersion
from reviews.states import Status
from tests import factories

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_VIEW = 600, 60, 20
VERBS_OF_METHODS = {"require_GET", "require_POST", "require_safe", "require_http_methods"}


@cache
def trees() -> dict[str, ast.Module]:
    """The syntax of every file of the product but migrations, by its path."""
    paths = [
        path for room in ("factcheck", "claims", "reviews") for path in (ROOT / room).rglob("*.py")
    ]
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for path in sorted(paths)
        if "migrations" not in path.parts
    }


def nodes(kind: type, *, besides: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node of a kind, with where it stands as "file:line"."""
    for path, tree in trees().items():
        if path != besides:
            for node in ast.walk(tree):
                if isinstance(node, kind):
                    yield f"{path}:{node.lineno}", node


def functions(path: str) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(trees()[path]) if isinstance(node, ast.FunctionDef)]


def assigned(node: ast.AST) -> Iterator[ast.expr]:
    """The targets that a statement assigns, those inside tuples too."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        yield from target.elts if isinstance(target, ast.Tuple) else [target]


def name_of(node: ast.expr) -> str:
    """The last name of a dotted or called expression: `a.b(c)` is "b"."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def keywords(call: ast.Call) -> set[str]:
    return {keyword.arg for keyword in call.keywords if keyword.arg}


# The engine


def test_the_engine_loads_without_django():
    script = "import sys, claims.text\nprint(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )

    loaded = set(done.stdout.split())
    assert "claims" in loaded
    assert loaded & {"django", "celery", "redis", "reversion", "psycopg", "factcheck"} == set()


# One writer each


def attribute_writes(attribute: str, *, besides: str) -> list[str]:
    """Where `something.attribute = …` stands, or an `update(attribute=…)` of a query."""
    places = [
        where
        for where, node in nodes((ast.Assign, ast.AugAssign, ast.AnnAssign), besides=besides)
        for target in assigned(node)
        if isinstance(target, ast.Attribute) and target.attr == attribute
    ]
    return places + [
        where
        for where, call in nodes(ast.Call, besides=besides)
        if name_of(call) in ("update", "update_or_create", "setattr")
        and (attribute in keywords(call) or attribute in constants(call))
    ]


def constants(call: ast.Call) -> set[str]:
    return {argument.value for argument in call.args if isinstance(argument, ast.Constant)}


def test_one_method_writes_the_status_of_a_review():
    writes = [
        where
        for where in attribute_writes("status", besides="reviews/models.py")
        if not where.startswith(("claims/analysis.py", "claims/failures.py"))  # of an `Analysis`
    ]
    assert writes == []

    inside = attribute_writes("status", besides="")
    moved = line_of("old, self.status = self.status, step.leads(Status(self.status))")
    assert [where for where in inside if where.startswith("reviews/models.py")] == [
        f"reviews/models.py:{moved}"
    ]


def line_of(code: str, path: str = "reviews/models.py") -> int:
    lines = (ROOT / path).read_text().splitlines()
    (found,) = [number for number, line in enumerate(lines, 1) if line.strip() == code]
    return found


def test_the_history_alone_writes_what_a_verdict_says():
    content = ("rating", "scale_version", "claim_wording", "summary", "explanation", "content_hash")
    for attribute in content:
        assert attribute_writes(attribute, besides="reviews/history.py") == []


def test_the_history_alone_makes_verdicts_and_their_versions():
    makers = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "update"}
    for model in ("Verdict", "VerdictVersion"):
        made = [
            where
            for where, call in nodes(ast.Call, besides="reviews/history.py")
            if (isinstance(call.func, ast.Name) and call.func.id == model)
            or (
                isinstance(call.func, ast.Attribute)
                and call.func.attr in makers
                and ast.unparse(call.func).startswith(f"{model}.objects")
            )
        ]
        assert made == []


def test_leases_are_given_and_ended_by_the_model_and_renewed_in_one_place():
    for attribute in ("checker", "lease_token", "lease_acquired_at"):
        assert attribute_writes(attribute, besides="reviews/models.py") == []
    renewals = attribute_writes("lease_expires_at", besides="reviews/models.py")
    assert [where.split(":")[0] for where in renewals] == ["reviews/leases.py"]


NETWORK = {
    "aiohttp", "asyncio", "dns", "ftplib", "h11", "http.client", "httpx", "imaplib", "requests",
    "smtplib", "socket", "socketserver", "ssl", "telnetlib", "urllib.request", "urllib3",
}  # fmt: skip


def imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The names that a statement may load: `from a.b import c` is a, a.b and a.b.c."""
    module = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
    names = {".".join([*module, alias.name]) for alias in node.names}
    return {".".join(name.split(".")[:parts]) for name in names for parts in (1, 2, 3)}


def test_one_room_alone_may_speak_to_the_network():
    speaking = {
        where.split(":")[0]
        for where, node in nodes((ast.Import, ast.ImportFrom))
        if NETWORK & imported(node)
    }

    assert {path for path in speaking if not path.startswith("claims/fetching/")} == {
        "factcheck/embedded.py",  # the servers of this machine
        "factcheck/management/commands/up.py",  # whether our own port is free
        "factcheck/probe.py",  # the health of our own web
        "factcheck/supervisor.py",
        "reviews/mail.py",  # the errors of the mail server; Django speaks to it
        "reviews/delivery.py",  # likewise
    }


@pytest.mark.parametrize(
    "statement",
    ["import urllib.request", "from urllib import request", "from urllib.request import urlopen",
     "import dns.resolver as r", "from http import client", "import socket"],
)  # fmt: skip
def test_no_way_to_import_a_network_client_is_overlooked(statement):
    assert NETWORK & imported(ast.parse(statement).body[0])


def test_nothing_reaches_for_the_network_through_a_library_for_text():
    """trafilatura and feedparser fetch too, when they are given an address."""
    names = {"fetch_url", "fetch_response", "urlopen", "urlretrieve", "import_module", "__import__"}
    calls = [where for where, call in nodes(ast.Call) if name_of(call.func) in names]

    assert [where for where in calls if not where.startswith("claims/minilm.py")] == []


# Models


OURS = [*apps.get_app_config("claims").get_models(), *apps.get_app_config("reviews").get_models()]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_a_model_has_no_order_save_or_delete_of_its_own(model):
    assert model._meta.ordering == []
    for method in ("save", "delete", "clean"):
        assert method not in vars(model)


def test_what_people_wrote_protects_them():
    """People with rows are never deleted: every reference of ours to a person protects."""
    references = [
        (field.remote_field.on_delete, f"{model.__name__}.{field.name}")
        for model in OURS
        for field in model._meta.fields
        if isinstance(field, ForeignKey) and field.related_model is User
    ]

    assert len(references) >= 10
    assert [name for on_delete, name in references if on_delete is not PROTECT] == []


def test_what_was_decided_protects_what_it_rests_on():
    unprotected = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("reviews").get_models()
        for field in model._meta.fields
        if isinstance(field, ForeignKey) and field.remote_field.on_delete is not PROTECT
    ]

    assert unprotected == []


def test_every_field_of_a_verdict_is_part_of_what_is_sealed(db):
    """A new column must be sealed with the rest, or be named here with its reason."""
    names = {field.name for field in Verdict._meta.concrete_fields}
    identity = {"id", "review", "seq", "content_hash"}
    renamed = {"claim_wording": "claim", "scale_version": "scale"}

    content = history.content_of(history.of(factories.review_at(Status.SUBMITTED)))
    sealed = content.keys() - {"schema", "evidence"}
    assert sealed == {renamed.get(name, name) for name in names - identity}


def test_every_field_of_a_version_is_part_of_its_hash():
    hashed = {"seq", "content_hash", "actor", "actor_name", "action", "reason", "at", "verdict"}
    names = {field.name for field in VerdictVersion._meta.concrete_fields}

    assert names - hashed == {"id", "content", "previous_hash", "hash"}


def test_nothing_listens_to_signals_but_what_begins_a_desk_after_migrating():
    connected = [
        where
        for where, call in nodes(ast.Call)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "connect"
        and name_of(call.func.value).endswith(("_save", "_delete", "_migrate", "_changed"))
    ]
    receivers = [where for where, name in nodes(ast.Name) if name.id == "receiver"]

    assert {where.split(":")[0] for where in connected} == {"reviews/apps.py"}
    assert receivers == []


# Edges

VIEW_FILES = [path for path in trees() if "/views" in path]


def views() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function that answers a request, with its name as "file:name"."""
    for path in VIEW_FILES:
        for function in trees()[path].body:
            if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
                continue
            arguments = function.args.args
            if arguments and arguments[0].arg == "request" and returns_response(function):
                yield f"{path}:{function.name}", function


def returns_response(function: ast.FunctionDef) -> bool:
    return function.returns is not None and ast.unparse(function.returns).endswith("Response")


def test_every_view_says_which_methods_it_answers():
    found = dict(views())
    helpers = {"reviews/views/page.py:show"}  # renders for views; it is in no URLconf
    bare = {
        name
        for name, function in found.items()
        if not {name_of(decorator) for decorator in function.decorator_list} & VERBS_OF_METHODS
    }

    assert len(found) > 20
    assert bare <= helpers


def test_no_view_writes_rows_or_compares_a_status():
    writing = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create"}
    for path in VIEW_FILES:
        for node in ast.walk(trees()[path]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                on_rows = "objects" in ast.unparse(node.func.value)
                assert not (on_rows and node.func.attr in writing), f"{path}:{node.lineno}"


def test_no_view_skips_the_sign_in_but_the_public_ones():
    open_views = {
        where.split(":")[0]
        for where, function in nodes(ast.FunctionDef)
        if "login_not_required" in {name_of(decorator) for decorator in function.decorator_list}
    }

    assert open_views == {
        "reviews/views/public.py", "reviews/views/sending.py", "factcheck/health.py",
        "factcheck/admin.py", "factcheck/api.py",
    }  # fmt: skip


@pytest.mark.parametrize("module", [claims_tasks, reviews_tasks], ids=lambda m: m.__name__)
def test_every_task_takes_keywords_alone_and_has_limits(module):
    tasks = {
        name: task
        for name, task in vars(module).items()
        if isinstance(task, Task) and task.__module__ == module.__name__
    }
    path = module.__name__.replace(".", "/") + ".py"
    signatures = {f.name: f.args for f in functions(path) if f.decorator_list}

    assert tasks
    assert signatures.keys() == tasks.keys()
    for name, arguments in signatures.items():
        assert arguments.args == arguments.posonlyargs == [], name
        task = tasks[name]
        soft = task.soft_time_limit or task.app.conf.task_soft_time_limit
        hard = task.time_limit or task.app.conf.task_time_limit
        assert 0 < soft < hard < task.app.conf.broker_transport_options["visibility_timeout"]


def test_every_task_that_takes_a_row_has_a_sweep_on_the_timetable():
    timetable = {entry["task"] for entry in claims_tasks.analyse.app.conf.beat_schedule.values()}

    assert timetable == {
        "claims.tasks.sweep_analyses", "claims.tasks.sweep_feeds", "claims.tasks.sweep_feed_items",
        "claims.tasks.sweep_watches", "reviews.tasks.watch_pages",
        "reviews.tasks.tell_of_page_changes",
        "claims.tasks.sweep_offers", "claims.tasks.sweep_imports",
        "claims.tasks.sweep_captures", "reviews.tasks.archive_evidence",
        "reviews.tasks.open_reviews", "reviews.tasks.expire_leases",
        "reviews.tasks.sweep_approved", "reviews.tasks.verify_history", "reviews.tasks.keep_dates",
        "reviews.tasks.tell_of_ending_leases", "reviews.tasks.write_digests",
        "reviews.tasks.send_letters", "reviews.tasks.reweigh", "reviews.tasks.take_checkpoint",
        "reviews.tasks.deliver_checkpoints", "reviews.tasks.renew_analyses", "claims.tasks.forget",
    }  # fmt: skip


# Size and silence


def test_no_file_is_long():
    long = {
        path: lines
        for path in trees()
        if (lines := len((ROOT / path).read_text().splitlines())) > LONGEST_FILE
    }

    assert long == {}


def test_no_function_is_long():
    long = {
        f"{where} {function.name}": length(function)
        for where, function in nodes(ast.FunctionDef)
        if length(function) > LONGEST_FUNCTION
    }

    assert long == {}


def test_no_view_is_long():
    long = {name: length(view) for name, view in views() if length(view) > LONGEST_VIEW + 4}

    assert long == {}


def length(function: ast.FunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def test_no_exception_is_swallowed_unnamed():
    silent = [
        where
        for where, handler in nodes(ast.ExceptHandler)
        if all(isinstance(node, ast.Pass) for node in handler.body)
        and (handler.type is None or name_of(handler.type) in ("Exception", "BaseException"))
    ]

    assert silent == []


def test_every_public_function_says_what_it_does():
    """Verbs of the rooms, not edges: those are told by their URL, form or page."""
    rooms = [
        "reviews/workflow.py", "reviews/queue.py", "reviews/history.py", "reviews/evidence.py",
        "reviews/publication.py", "reviews/leases.py", "claims/intake.py", "claims/analysis.py",
        "claims/extraction.py", "claims/flagging.py", "claims/matching.py",
        "claims/offering.py", "claims/importing.py", "claims/capturing.py",
        "reviews/checkpoints.py", "reviews/signing.py", "reviews/attestation.py",
        "reviews/delivery.py", "reviews/posting.py",
        "claims/handing.py", "claims/rates.py", "claims/tables.py", "claims/tips.py",
        "claims/tokens.py",
        "claims/fetching/pages.py", "claims/fetching/robots.py", "claims/fetching/targets.py",
        "claims/fetching/lines.py", "claims/fetching/exchange.py", "claims/fetching/names.py",
    ]  # fmt: skip
    undocumented = [
        f"{path}:{function.name}"
        for path in rooms
        for function in trees()[path].body
        if isinstance(function, ast.FunctionDef)
        and not function.name.startswith("_")
        and not ast.get_docstring(function)
    ]

    assert undocumented == []
