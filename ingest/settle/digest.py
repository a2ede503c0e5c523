"""The digest of what a step depends on."""

import hashlib
import json
from typing import Any


def digest(*parts: Any) -> str:
    """A short name of everything given: the same for the same, on any machine.

    `parts`: values that JSON can hold; any other counts as its text. 16 hex digits.
    """
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
