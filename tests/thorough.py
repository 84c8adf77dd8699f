"""Whether this is a thorough run (FACTCHECK_THOROUGH=1): more examples, more rounds, minutes."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("FACTCHECK_THOROUGH") == "1"
