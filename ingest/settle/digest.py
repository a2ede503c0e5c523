"""The digest of what a step depends on."""

import hashlib
import json
from typing import Any


def digest(*parts: Any) -> str:
    """A short name of everything given: the same for the same, on any machine."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
