"""A desk that may read the small internet of `tests/fetching`, and nothing else."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from claims.fetching import Guard
from tests.fetching.conftest import Internet, _internet, net

__all__ = ["_internet", "net"]


@pytest.fixture
def web(net: Internet, monkeypatch, settings) -> Internet:
    """The public web that the desk's own guard lets through; nobody was asked anything yet."""
    monkeypatch.setattr(Guard, "of_the_desk", classmethod(lambda cls: net.guard))
    settings.HOST_PAUSE = 1
    cache.clear()
    return net
