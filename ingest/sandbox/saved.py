"""Saved questions: SQL of people's own under a name, one file each, beside the log of notes.

They outlive runs and publications as the log of acknowledgements does, and who writes there is, as
a rule, the screen's user. What stands in them is a stranger's SQL like any other.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from contracts.errors import InputError, NothingFound, QuestionError, nearest
from ingest.warehouse.files import make_folder
from ingest.warehouse.marts import Marts

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_HEAD = "-- saved: "
_LONGEST = 100_000


@dataclass(frozen=True)
class Saved:
    """One saved question: its SQL, values of its parameters, who saved it and when."""

    name: str
    sql: str
    params: dict[str, str]
    by: str
    at: str


def save(marts: Marts, name: str, sql: str, params: Mapping[str, str], *, by: str) -> None:
    """Keeps a question under a name, in place of one that has it.

    `marts`: beside which it is kept. `name`: small letters, digits, - and _, at most 60. `sql`: one
    SELECT. `params`: values by the names that it has as $name. `by`: who saves it. Raises
    QuestionError for a name that is none, InputError where it can't be written.
    """
    path = _path(marts, name)
    if not sql.strip() or len(sql) > _LONGEST:
        raise QuestionError(f"not saved: give SQL of at most {_LONGEST:,} characters")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    head = json.dumps({"by": by, "at": at, "params": dict(params)})
    part = path.with_name(f".part-{path.name}")
    try:
        make_folder(path.parent)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
            file.write(f"{_HEAD}{head}\n{sql.strip()}\n")
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path} can't be written", [str(error.strerror)]) from None


def remove(marts: Marts, name: str) -> None:
    """Takes a saved question away; raises NothingFound where there is none of that name.

    `marts`, `name`: as of `save`.
    """
    read(marts, name)
    _path(marts, name).unlink(missing_ok=True)


def read(marts: Marts, name: str) -> Saved:
    """The saved question of that name; raises NothingFound with the known names.

    `marts`, `name`: as of `save`.
    """
    try:
        handle = os.open(_path(marts, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, encoding="utf-8") as file:
            head, _, sql = file.read(2 * _LONGEST).partition("\n")
        facts = json.loads(head.removeprefix(_HEAD))
        params = {str(key): str(value) for key, value in facts["params"].items()}
        return Saved(name, sql.strip(), params, str(facts["by"]), str(facts["at"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        known = nearest(name, names(marts)) if names(marts) else "; none is saved yet"
        raise NothingFound(f"no saved question '{name}'{known}") from None


def names(marts: Marts) -> list[str]:
    """Names of all saved questions, in their order.

    `marts`: beside which they are kept.
    """
    paths = _folder(marts).glob("*.sql")
    return sorted(path.stem for path in paths if _NAME.fullmatch(path.stem))


def _folder(marts: Marts) -> Path:
    return marts.folder / "acknowledgements" / "questions"


def _path(marts: Marts, name: str) -> Path:
    if not _NAME.fullmatch(name):
        rule = "small letters, digits, - and _, at most 60 of them"
        raise QuestionError(f"a saved question can't be called '{name}': {rule}")
    return _folder(marts) / f"{name}.sql"
