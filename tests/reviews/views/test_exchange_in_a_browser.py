"""The pages by which strangers and machines hand in, as people meet them: light, and on a phone."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from claims.models import Tip
from tests import factories
from tests.looks import LOOKS, desk, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", LOOKS)
def test_a_claim_is_sent_accepted_and_looks_right_everywhere(look):
    cache.clear()
    factories.outside_check()
    tip = factories.tip("W" * 300, url=f"https://bay.example/{'w' * 300}")
    with desk(look, factories.supervisor()) as (page,):
        page.goto("/checks/send/")
        look_at(page, "send")
        page.get_by_label("What should we check?").fill("The harbour lost 40 boats in a year.")
        page.get_by_role("button", name="Send").click()
        page.get_by_role("heading", name="Thank you").wait_for()
        look_at(page, "thanks")
        for where in ("/tips/", f"/tips/{tip.ref}/", "/tips/table/", "/outside-checks/"):
            page.goto(where)
            look_at(page, where)
        page.goto("/me/tokens/")
        page.get_by_label("Name").fill("Feeder")
        page.get_by_label("Read and search claims, read stories").check()
        page.get_by_role("button", name="Make the token").click()
        page.get_by_role("heading", name="Copy it now").wait_for()
        look_at(page, "tokens")
        page.goto("/tips/")
        page.get_by_role("link", name="The harbour lost 40 boats in a year.").click()
        page.get_by_role("button", name="Check this claim").click()
        page.get_by_text("comes into the queue within seconds").wait_for()

    assert Tip.objects.accepted().count() == 1
