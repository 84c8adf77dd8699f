"""What every test of reviews may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import record
from tests.claims.conftest import _internet, net, web

__all__ = ["_internet", "net", "web"]


@pytest.fixture
def record_holds(db, settings) -> Iterator[None]:
    """After the test, under its own settings, nothing is wrong with any row."""
    yield
    assert record.problems() == []
