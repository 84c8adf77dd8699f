"""Everything that tests of reviews share."""

from tests.record import record_holds

__all__ = ["record_holds"]
