"""One desk for all journeys: the whole stack on its own folder, with the real seeds if present."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import chromium
from tests.desk import REAL_SEEDS, Desk, open_desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        if REAL_SEEDS.is_dir():
            opened.ingest_and_wait(REAL_SEEDS)
        yield opened


@pytest.fixture(scope="module")  # two at once in one process cannot be
def browser() -> Iterator[Browser]:
    with chromium.launched() as launched:
        yield launched
