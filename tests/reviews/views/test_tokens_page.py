"""The page where a person makes and revokes tokens for programs."""

from __future__ import annotations

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims import tokens
from claims.models import ApiToken
from tests import factories
from tests.serving import signed_in

FORM = {"name": "Feeder", "scopes": ["articles:write", "claims:read"], "days": 30}


def test_the_secret_is_shown_once_and_not_kept(db):
    owner = factories.fact_checker()
    client = signed_in(owner)
    made = client.post("/me/tokens/", FORM)
    (secret,) = re.findall(r'<code class="mono">(desk_[\w-]+)</code>', made.content.decode())

    token = tokens.holder(secret)
    assert (made.status_code, made["Cache-Control"].split(",")[0]) == (201, "max-age=0")
    assert (token.owner, token.scopes) == (owner, ["articles:write", "claims:read"])
    assert secret not in str(ApiToken.objects.values())
    assert "desk_" not in client.get("/me/tokens/").content.decode()


def test_only_what_its_owner_may_do_is_offered_and_taken(db):
    client = signed_in(factories.data_editor())

    assert "articles:write" not in client.get("/me/tokens/").content.decode()
    assert client.post("/me/tokens/", FORM).status_code == 422
    assert ApiToken.objects.count() == 0


def test_what_is_wrong_is_said_and_what_was_typed_stays(db):
    client = signed_in(factories.fact_checker())
    page = client.post("/me/tokens/", {"name": "Feeder", "days": 3})

    assert page.status_code == 422
    assert 'value="Feeder"' in page.content.decode()
    assert ApiToken.objects.count() == 0


def test_a_token_is_revoked_by_its_owner_alone(db):
    owner = factories.fact_checker()
    token = factories.token(owner)
    where = f"/me/tokens/{token.ref}/revoke/"

    assert signed_in(factories.superuser()).post(where).status_code == 404
    page = signed_in(owner).post(where, follow=True).content.decode()
    assert "“Feeder” is revoked" in page
    assert list(ApiToken.objects.valid()) == []


def test_nobody_has_more_than_so_many(db, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 1)
    client = signed_in(factories.fact_checker())
    client.post("/me/tokens/", FORM)
    page = client.post("/me/tokens/", FORM)

    assert "You have 1 tokens. Revoke one that is not used." in page.content.decode()


def test_the_page_costs_the_same_however_many_there_are(db):
    owner, cost = factories.fact_checker(), []
    client = signed_in(owner)
    for more in (1, 15):
        for _ in range(more):
            factories.token(owner)
        with CaptureQueriesContext(connection) as queries:
            client.get("/me/tokens/")
        cost.append(len(queries))

    assert cost[0] == cost[1]
