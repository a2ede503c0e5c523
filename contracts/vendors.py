"""The shelf of vendors' exports: TOML files that say how such a file is read.

A vendor's TOML has the keys of a `[[source]]` but for `path`; the source that names it may give any
of them anew.
"""

import difflib
import tomllib
from pathlib import Path
from typing import Any

from contracts.errors import SettingsError

# read by path, as queries are: no arrow points up
SHELF = Path(__file__).parent.parent / "ingest" / "sources" / "vendors"


def names() -> list[str]:
    """Names of the vendors on the shelf, ascending."""
    return sorted(path.stem for path in SHELF.glob("*.toml"))


def file_of(vendor: str, folder: Path) -> Path:
    """The TOML of a vendor: a name on the shelf, or a path relative to the configuration.

    `vendor`: as a source names it. `folder`: of the configuration.
    """
    if vendor.endswith(".toml") or "/" in vendor or "\\" in vendor:
        return folder / Path(vendor).expanduser()
    return SHELF / f"{vendor}.toml"


def read(file: Path) -> dict[str, Any]:
    """The keys of a vendor's TOML; raises SettingsError where there is none to be read.

    `file`: path of the TOML, as `file_of` gives it.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        close = difflib.get_close_matches(file.stem, names(), 1)
        hint = f"; did you mean {close[0]}?" if close and file.parent == SHELF else ""
        remedy = f"on the shelf: {', '.join(names())}; or give the path of a TOML of yours"
        raise SettingsError(f"{file}: no such vendor{hint}", [remedy]) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML", [str(error)]) from None


def laid_under(vendor: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The vendor's keys, each replaced by the source's own; tables key by key, "" takes one out.

    `vendor`: keys of its TOML. `own`: keys of the [[source]]. Neither is changed.
    """
    merged = {**vendor, **own}
    for key in vendor.keys() & own.keys():
        if isinstance(vendor[key], dict) and isinstance(own[key], dict):
            both = {**vendor[key], **own[key]}
            merged[key] = {name: value for name, value in both.items() if value != ""}
    return merged
