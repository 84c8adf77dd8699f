"""The door for programs: tokens, what they may do, limits, and errors that are always JSON."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import cache

import pytest
from django.core.cache import cache as counted
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from claims import analysis, handing, importing, rates, reading, tokens
from claims.models import ApiToken, Article, Handing, Import, Tip
from claims.reading import apart
from factcheck import api as door
from reviews.models import User
from reviews.states import Status
from tests import bad_input, factories, files
from tests.serving import NeverRead, signed_in
from tests.thorough import THOROUGH

pytestmark = pytest.mark.django_db

ALL = tuple(tokens.SCOPES)
TEXT = "The catch fell by half, the fishers' union said on Monday. Nobody has checked that figure."


class Program:
    """A program that signs in with a token."""

    def __init__(self, owner: User | None = None, *, scopes: tuple[str, ...] = ALL) -> None:
        self.owner = owner or factories.fact_checker()
        self.token, secret = tokens.make(self.owner, name="Feeder", scopes=scopes, days=7)
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def get(self, where: str, **query):
        return self.client.get(f"/api/v1{where}", query, headers=self.headers)

    def post(self, where: str, body: object, **headers: str):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(
            f"/api/v1{where}", content, "application/json", headers=self.headers | headers
        )


def why(answer) -> list[tuple[str, str]]:
    return [(one["field"], one["why"]) for one in answer.json()["errors"]]


# Handing in


def test_a_text_becomes_an_article_with_what_is_said_of_it():
    answer = Program().post(
        "/articles",
        {"text": TEXT, "title": "Catch", "source": "Bay Post", "url": "https://bay.example/1",
         "published_on": "2026-03-02", "language": "en", "author": "A. Hand"},
    )  # fmt: skip

    row = Article.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "articles": [{"ref": row.ref, "new": True, "place": "text.txt"}], "errors": [],
    }  # fmt: skip
    assert (row.text, row.title, row.source.name, row.url, row.author) == (
        TEXT, "Catch", "Bay Post", "https://bay.example/1", "A. Hand",
    )  # fmt: skip
    assert (row.published_on.isoformat(), row.guessed) == ("2026-03-02", [])
    assert bad_input.half_rows() == []


def test_the_same_article_is_known_the_second_time():
    program = Program()
    first, second = (program.post("/articles", {"text": TEXT}) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["articles"][0] == first.json()["articles"][0] | {"new": False}


def test_a_page_and_a_file_are_read():
    program = Program()
    page = files.page(files.SENTENCE * 3).decode()
    packed = base64.b64encode(files.docx(TEXT)).decode()

    assert program.post("/articles", {"html": page, "title": "A page"}).status_code == 201
    sent = {"file": {"name": "catch.docx", "base64": packed}, "source": "Bay Post"}
    assert program.post("/articles", sent).status_code == 201
    assert {(one.title, one.source.name) for one in Article.objects.all()} >= {
        ("A page", "Unknown source")
    }
    assert Article.objects.filter(source__name="Bay Post").count() == 1


@pytest.mark.parametrize(
    ("content", "status", "text"),
    [
        (TEXT.encode(), 201, TEXT),
        ("Die Fänge fielen.".encode("latin-1"), 201, "Die Fänge fielen."),
        (b"\x01\x02\x03\xff", 422, ""),
        (b" \n", 422, ""),
    ],
    ids=["text", "latin-1", "binary", "blank"],
)
def test_a_file_that_is_called_like_a_text_is_read_like_any_file(content, status, text):
    sent = {"file": {"name": handing.TEXT, "base64": base64.b64encode(content).decode()}}
    answer = Program().post("/articles", sent)

    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (
        status, "application/json",
    )  # fmt: skip
    assert [one.text for one in Article.objects.all()] == [text] * (status == 201)


def packed(content: bytes, name: str = "all.zip") -> dict[str, object]:
    return {"file": {"name": name, "base64": base64.b64encode(content).decode()}}


def test_a_bundle_is_an_import_whose_sender_sees_how_far_it_is():
    program, key = Program(), {"Idempotency-Key": "1"}
    sent = packed(files.zipped({"1.txt": TEXT, "2.png": b"\x89PNG", "3.txt": TEXT}))

    first, again = (program.post("/articles", sent, **key) for _ in range(2))

    batch = Import.objects.get()
    where = f"/api/v1/imports/{batch.ref}"
    assert (first.status_code, first.json()) == (
        202, {"ref": batch.ref, "where": where, "page": f"/imports/{batch.ref}/"},
    )  # fmt: skip
    assert (again.status_code, again.json()) == (202, first.json())
    assert batch.by == program.owner
    assert not Article.objects.exists()
    told = program.get(f"/imports/{batch.ref}").json()
    assert (told["waiting"], told["articles"], told["errors"]) == (1, [], [])

    for item_id in importing.hint():
        importing.take_in(item_id=item_id)

    told = program.get(f"/imports/{batch.ref}").json()
    ref = Article.objects.get().ref
    assert told["waiting"] == 0
    assert told["articles"] == [
        {"ref": ref, "new": True, "place": "all.zip › 1.txt"},
        {"ref": ref, "new": False, "place": "all.zip › 3.txt"},
    ]
    assert [one["field"] for one in told["errors"]] == ["all.zip › 2.png"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (files.warc({"https://bay.example/": files.PAGE.encode()}), "crawl.bin"),
        (files.mail(files={f"{number}.png": b"\x89PNG" for number in range(21)}), "a.eml"),
    ],
    ids=["warc", "mail"],
)
def test_so_is_whatever_holds_many(content, name):
    assert Program().post("/articles", packed(content, name)).status_code == 202
    assert [one.place for one in Import.objects.get().items.all()] == [name]


def test_a_mail_with_a_few_files_is_stored_at_once():
    sent = packed(files.mail(files={"a.txt": b"It fell.", "b.png": b"\x89PNG"}), "a.eml")

    answer = Program().post("/articles", sent)

    assert answer.status_code == 201
    assert len(answer.json()["articles"]) == 2
    assert [one["field"] for one in answer.json()["errors"]] == ["a.eml › b.png"]


def test_an_import_is_shown_to_its_sender_and_to_who_may_see_all():
    sender = Program()
    sender.post("/articles", packed(files.zipped({"1.txt": TEXT})))
    where = f"/imports/{Import.objects.get().ref}"

    assert sender.get(where).status_code == 200
    assert Program(factories.superuser()).get(where).status_code == 200
    assert Program().get(where).status_code == 404
    assert Program(sender.owner, scopes=("articles:read",)).get(where).status_code == 403


def test_an_import_costs_the_same_however_much_is_in_it():
    program, cost = Program(), []
    for many in (1, 5):
        bundle = files.zipped({f"{number}.txt": f"{TEXT} {number}" for number in range(many)})
        batch = factories.batch(("all.zip", bundle), by=program.owner)
        importing.take_in(item_id=batch.items.get().pk)
        with CaptureQueriesContext(connection) as queries:
            assert len(program.get(f"/imports/{batch.ref}").json()["articles"]) == many
        cost.append(len(queries))

    assert cost[0] == cost[1]


def test_while_others_are_read_for_a_program_is_told_when_to_come_again(monkeypatch):
    monkeypatch.setattr(reading, "WAIT", 0.05)
    with apart._desk.held(None):
        answer = Program().post("/articles", packed(files.docx(TEXT), "a.docx"))

    assert (answer.status_code, answer["Retry-After"]) == (503, str(door.SOON))
    assert why(answer) == [("", str(apart.Busy()))]


def test_text_that_looks_like_facts_stays_text():
    Program().post("/articles", {"text": "---\ntitle: Not a title\n---\nThe rest."})

    assert Article.objects.get().text == "---\ntitle: Not a title\n---\nThe rest."


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, [("", "Value error, give exactly one of text, html and file")]),
        ({"text": " "}, [("", "Value error, the text is empty")]),
        ({"text": TEXT, "titel": "x"}, [("titel", "Extra inputs are not permitted")]),
        ({"text": TEXT, "url": "ftp://x"}, [("url", "Value error, this is not a web address")]),
        ({"text": TEXT, "title": "x" * 501},
         [("title", "String should have at most 500 characters")]),
        ({"file": {"name": "a.txt", "base64": "*"}}, [("file.base64", "this is not base64")]),
        ({"file": {"name": "a.png", "base64": "iVBORw0KGgo="}},
         [("a.png", f"a PNG picture; what is read: {reading.ENDINGS}")]),
        (b"{", [("", "Cannot parse request body")]),
        (b'{"text": "\\ud800"}', None),
        (b"[" * 100_000, None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_field_and_nothing_is_stored(body, told):
    answer = Program().post("/articles", body)

    assert answer.status_code in (400, 422)
    assert told is None or why(answer) == told
    assert answer["Content-Type"].startswith("application/json")
    assert Article.objects.count() == 0


def test_under_a_key_the_first_answer_is_given_again():
    program, key = Program(), {"Idempotency-Key": "monday-1"}
    first, again = (program.post("/articles", {"text": TEXT}, **key) for _ in range(2))
    other = program.post("/articles", {"text": f"{TEXT} More."}, **key)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert why(other) == [("Idempotency-Key", "This Idempotency-Key was used for something else.")]
    assert Article.objects.count() == 1
    assert Program().post("/articles", {"text": TEXT}, **key).status_code == 200  # a key of its own


def test_of_two_at_once_under_a_key_the_second_is_answered_like_the_first():
    token = Program().token

    def overtaken() -> handing.Answer:
        handing.once(token, "1", b"{}", lambda: handing.Answer(201, {"came": "first"}))
        return handing.Answer(200, {"came": "second"})

    assert handing.once(token, "1", b"{}", overtaken) == handing.Answer(201, {"came": "first"})


def test_what_was_refused_may_be_tried_again_under_its_key():
    program, key = Program(), {"Idempotency-Key": "1"}

    assert program.post("/articles", {"file": PICTURE}, **key).status_code == 422
    assert program.post("/articles", {"text": TEXT}, **key).status_code == 201


PICTURE = {"name": "a.png", "base64": "iVBORw0KGgo="}


def test_answers_are_forgotten_after_a_week():
    Program().post("/articles", {"text": TEXT}, **{"Idempotency-Key": "1"})
    assert tokens.forget_handings() == 0
    Handing.objects.update(at=timezone.now() - timedelta(days=8))

    assert tokens.forget_handings() == 1


def test_a_body_too_large_is_refused_unread(monkeypatch):
    monkeypatch.setattr(door, "LARGEST", 1000)
    answer = Program().post("/articles", {"text": "x" * 1000})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (413, "")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer desk_none"}])
@pytest.mark.parametrize("where", ["/articles", "/tips"])
def test_nobody_waits_for_the_body_of_a_stranger(headers, where):
    answer = Client().generic(
        "POST", f"/api/v1{where}", headers=headers, CONTENT_LENGTH="14000000",
        **{"wsgi.input": NeverRead()},
    )  # fmt: skip

    assert (answer.status_code, why(answer)) == (
        401, [("", "No valid token: Authorization: Bearer …")],
    )  # fmt: skip
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_tip_waits_for_the_desk():
    program = Program()
    answer = program.post("/tips", {"text": "The catch fell by half.", "claimant": "The union"})

    assert answer.status_code == 201, answer.json()
    tip = Tip.objects.get()
    assert (answer.status_code, answer.json()) == (201, {"ref": tip.ref, "state": "open"})
    assert (tip.way, tip.handed_by, tip.claim) == ("api", program.owner, None)
    assert program.post("/tips", {"text": " "}).status_code == 422


# Reading


def test_an_article_is_told_with_its_analysis_flags_and_claims():
    program = Program()
    sent = {"text": factories.TEXT, "source": "The Coast Courier", "language": "en"}
    ref = program.post("/articles", sent).json()["articles"][0]["ref"]
    assert program.get(f"/articles/{ref}").json()["analysis"] == "received"
    analysis.analyse(article_id=Article.objects.get().pk)

    told = program.get(f"/articles/{ref}").json()
    assert told["analysis"] == "analysed"
    assert [one["words"] for one in told["flags"] if one["kind"] == "self_disclaimer"] != []
    found = told["claims"][0]
    assert factories.TEXT[found["start"] : found["end"]].startswith("Harbour dredging")
    assert program.get(f"/claims/{found['claim']}").json()["wording"] == found["wording"]


def test_lists_go_on_where_the_page_before_ended(monkeypatch):
    monkeypatch.setattr("claims.listing.ROWS", 2)
    program, made = Program(), [factories.claim() for _ in range(3)]
    for name in ("articles", "claims"):
        first = program.get(f"/{name}").json()
        rest = program.get(f"/{name}", after=first["next_after"]).json()

        assert (len(first[name]), len(rest[name]), rest["next_after"]) == (2, 1, "")
    found = program.get("/claims", q=f"{made[1].wording.split()[5]} harbour").json()
    assert [one["ref"] for one in found["claims"]] == [made[1].ref]


@pytest.mark.parametrize("where", ["/articles", "/claims", "/reviews"])
def test_a_list_costs_the_same_however_long_it_is(where):
    program, cost = Program(), []
    program.get(where)
    for published in (1, 5):
        for _ in range(published):
            factories.review_at(Status.PUBLISHED)
        with CaptureQueriesContext(connection) as queries:
            assert program.get(where).status_code == 200
        cost.append(len(queries))

    assert cost[0] == cost[1]


def test_published_checks_alone_are_told():
    program = Program(factories.superuser())
    for status in set(Status) - {Status.PUBLISHED}:
        review = factories.review_at(status)
        assert program.get(f"/reviews/{review.ref}").status_code == 404
    assert program.get("/reviews").json() == {"reviews": [], "next_after": ""}
    review = factories.review_at(Status.PUBLISHED)

    told = program.get(f"/reviews/{review.ref}").json()
    assert (told["rating"], told["claim_review"]["@type"]) == ("Mostly false", "ClaimReview")
    assert [one["ref"] for one in program.get("/reviews").json()["reviews"]] == [review.ref]


# Who may


def test_no_operation_writes_anything_of_a_review():
    writing = {
        (method, path)
        for path, operations in door.api.get_openapi_schema()["paths"].items()
        for method in operations
        if method != "get"
    }

    assert writing == WRITING


WRITING = {("post", "/api/v1/articles"), ("post", "/api/v1/tips")}


def test_a_session_is_no_token():
    client = signed_in(factories.superuser())

    answer = client.get("/api/v1/articles")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert client.post("/api/v1/articles", {}, "application/json").status_code == 401


def revoked(program: Program) -> None:
    tokens.revoke(program.token)


def run_out(program: Program) -> None:
    ApiToken.objects.update(expires_at=timezone.now())


def owner_left(program: Program) -> None:
    User.objects.filter(pk=program.owner.pk).update(is_active=False)


@pytest.mark.parametrize("happened", [revoked, run_out, owner_left])
def test_a_token_ends(happened):
    program = Program()
    assert program.get("/articles").status_code == 200
    happened(program)

    assert program.get("/articles").status_code == 401


def test_a_scope_that_was_not_given_is_refused():
    program = Program(scopes=("articles:read",))

    assert program.get("/articles").status_code == 200
    answer = program.post("/articles", {"text": TEXT})
    assert (answer.status_code, why(answer)) == (
        403, [("", "This token is not for articles:write.")]
    )  # fmt: skip


def test_what_the_owner_may_no_longer_do_no_token_may():
    program = Program()
    program.owner.groups.clear()

    answer = program.post("/articles", {"text": TEXT})
    assert why(answer) == [("", "The owner of this token may not do that any more.")]
    assert Article.objects.count() == 0


def test_nobody_makes_a_token_that_may_do_more_than_they(db):
    with pytest.raises(tokens.Refused, match="You may not do this yourself: hand in articles"):
        tokens.make(factories.data_editor(), name="x", scopes=["articles:write"], days=7)


def test_too_many_requests_are_told_when_to_come_again(settings):
    settings.API_REQUESTS_PER_MINUTE = 2
    program = Program()
    answers = [program.get("/articles") for _ in range(3)]

    assert [one.status_code for one in answers] in ([200, 200, 429], [200, 200, 200])
    if answers[2].status_code == 200:  # the minute ended in between
        answers[2:] = [program.get("/articles") for _ in range(2)]
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert Program().get("/articles").status_code == 200


def test_nobody_goes_on_while_nobody_counts(settings):
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    }
    counted.close()

    assert rates.wait("a", most=1, seconds=60) == 60


# Always JSON


@pytest.mark.parametrize("where", ["/", "/nothing", "/articles/", "/articles/%00", "/reviews/a/b"])
def test_an_address_of_nothing_is_told_in_json(where):
    answer = Program().get(where)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


def test_another_method_is_told_in_json():
    program = Program()
    answer = program.client.delete("/api/v1/articles", headers=program.headers)

    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")
    assert why(answer) == [("", "This address takes GET, POST.")]


def test_its_description_is_served_and_no_interactive_documentation(client):
    answer = client.get("/api/v1/openapi.json")

    assert (answer.status_code, answer.json()["info"]["title"]) == (200, door.api.title)
    assert [client.get(f"/api/v1/{name}").status_code for name in ("docs", "redoc", "")] == [
        404
    ] * 3


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
    | st.sampled_from([TEXT, "https://x.example/", "2026-02-30", "en", "\0", "'; --", "=1+1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner,
                                                               max_size=3),
    max_leaves=6,
)  # fmt: skip


@cache
def operations() -> list[tuple[str, str, list[str]]]:
    """Method, address and fields of every operation that the description names."""
    schema = door.api.get_openapi_schema()
    found = []
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            content = one.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            fields = schema["components"]["schemas"].get(name, {}).get("properties", {})
            asked = [each["name"] for each in one.get("parameters", []) if each["in"] == "query"]
            found.append((method, path, [*fields] or asked))
    return found


class TestWhateverIsSent(TestCase):
    def setUp(self) -> None:
        self.program = Program()
        self.refs = ["0" * 10, *Article.objects.values_list("ref", flat=True)]

    @settings(
        max_examples=2000 if THOROUGH else 60, deadline=None, derandomize=not THOROUGH,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(st.data())
    def test_it_is_answered_in_json_and_never_with_a_fault(self, data) -> None:
        method, path, fields = data.draw(st.sampled_from(operations()))
        ref = data.draw(st.text(min_size=1, max_size=12) | st.sampled_from(self.refs))
        path = path.removeprefix("/api/v1").replace("{ref}", ref.replace("/", "").strip("?#."))
        body = data.draw(
            VALUES | st.dictionaries(st.sampled_from(fields or ["x"]), VALUES, max_size=4)
        )
        if method == "get":
            query = body if isinstance(body, dict) else {"after": body}
            answer = self.program.get(path.replace("?", ""), **{
                name.replace("\0", "") or "x": str(value) for name, value in query.items()
            })  # fmt: skip
        else:
            answer = self.program.post(path, body)

        assert answer.status_code < 500, (method, path, body)
        assert answer["Content-Type"].startswith("application/json"), (method, path, body)
        assert bad_input.half_rows() == []
