"""Figures of one network after the other, kept in a folder, so that a long benchmark can go on."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HOUSE = Path(__file__).parents[1]
_WINGS = ("analysis", "benchmarks", "contracts", "geo", "ingest", "tests/bench")

Rows = list[dict[str, Any]]


def kept(folder: Path | None, name: str, make: Callable[[], Rows]) -> Rows:
    """The rows that `make` gives: read where this very code has made them before.

    They lie in `folder`, under `name` and a print of the code, as JSON; without a folder nothing is
    kept.
    """
    if folder is None:
        return make()
    path = folder / f"{name}-{_code()}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(make(), default=float), encoding="utf-8")
        part.rename(path)
    found: Rows = json.loads(path.read_text(encoding="utf-8"))
    return found


def _code() -> str:
    """Short print of all code and catalogues that figures can hang on."""
    files = sorted(path for wing in _WINGS for end in ("py", "toml")
                   for path in (_HOUSE / wing).rglob(f"*.{end}"))  # fmt: skip
    read = hashlib.sha256()
    for path in files:
        read.update(path.read_bytes())
    return read.hexdigest()[:12]
