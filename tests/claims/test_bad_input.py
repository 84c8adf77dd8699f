"""The hostile files that others collected, which are not part of the project, through intake.

`make bench` sends each of them in on every way there is; here some of each corpus come in once, in
a thorough run all of them.
"""

from __future__ import annotations

import pytest

from claims import reading
from tests import bad_input
from tests.thorough import THOROUGH

pytestmark = pytest.mark.skipif(
    not bad_input.CORPORA.is_dir(), reason="../shared/data is not beside the project"
)


def test_every_file_becomes_an_article_or_is_named(db):
    for name, found in bad_input.corpora(bad_input.CORPORA).items():
        paths = found if THOROUGH else found[:: max(len(found) // 12, 1)]
        taken = bad_input.take_in_all(paths, name)

        assert [str(one) for one in taken.failures if not bad_input.told(one)] == []
        assert len(taken.receipts) + len(taken.failures) == len(paths)
    assert bad_input.half_rows() == []


@pytest.mark.skipif(not THOROUGH, reason="minutes: FACTCHECK_THOROUGH=1")
def test_every_file_in_every_way_is_read_or_named():
    for paths in bad_input.corpora(bad_input.CORPORA).values():
        for path in paths:
            for content, name in bad_input.every_way(path.read_bytes()):
                found = reading.read(content, name=name)
                assert found.documents or found.failures
                assert [one for one in found.failures if not bad_input.told(one)] == []
