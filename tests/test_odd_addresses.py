"""Addresses as people and robots mangle them: never an error of ours."""

import pytest
from django.urls import reverse

from tests.factories import fact_checker

pytestmark = pytest.mark.django_db

ODD = ["%00", "%F0%9F%90%9F", "'--", "x" * 5000, "%E2%80%AE"]


@pytest.mark.parametrize(
    "name", ["public:checks", "reviews:queue", "claims:stories", "claims:articles"]
)
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_place_in_a_list_is_its_beginning(client, name, odd):
    client.force_login(fact_checker())

    assert client.get(f"{reverse(name)}?after={odd}", secure=True).status_code == 200
