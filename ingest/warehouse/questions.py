"""Questions: files of SQL, each with a head of five lines: what it asks, takes and returns."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from contracts.errors import NothingFound, QuestionError
from contracts.tables import PUBLISHED, TABLES

QUERIES = Path(__file__).resolve().parents[2] / "queries"
CHECKS = QUERIES / "checks"

BLOCKING = frozenset({
    "released_changes", "released_figures", "released_parts", "response_parts",  # persons
    "receipt_sums", "mixed_runs",  # what was read, and by which run
    "footprint_weights", "hex_levels", "hex_totals", "orphan_hexes",  # the map as a whole
    "ranks",  # the list as a whole
})  # fmt: skip
"""Checks that keep a snapshot from being published: they protect persons, or all of its figures.

The others find a cell, a change or a rate that is odd, as real counters are now and then. They
must not take the screen from all others: what they find is published and marked as unsafe.
"""

RENAMED = {
    "owed": "drops_by_attribution",
    "work_places": "intervention_places",
    "works": "interventions",
}
"""Questions that have another name since 0.2: old name -> name."""
RENAMED_COLUMNS = {
    "level_since": "present_since",
    "level_until": "present_until",
    "n_options": "n_actions_offered",
    "n_works": "n_actions, or n_interventions in the question periods",
    "told": "note",
    "told_utc": "stated_utc",
}
"""Columns of tables and questions that have another name since 0.2: old name -> name."""
RENAMED_IN_PART = {"reason": ("priority and worst_places", "advice, or seen")}
"""Columns that have another name since 0.2 in some places alone: old name -> places, name."""

# folders whose files answer no question of a reader
_NO_ASK = ("checks", "macros", "views")
_HEAD = ("reads", "params", "returns", "grain")
_COLUMN = re.compile(r"(\w+) ([A-Z]+)(?: = (\S+))?$")


@dataclass(frozen=True)
class Query:
    """One question: its head, as text and as types, and its SQL."""

    name: str
    question: str
    reads: tuple[str, ...]
    params: dict[str, tuple[str, str | None]]
    returns: dict[str, str]
    grain: tuple[str, ...]
    sql: str

    @property
    def asks(self) -> str:
        """Its parameters as the head has them: place VARCHAR, place_type VARCHAR = NULL."""
        return ", ".join(
            f"{name} {kind}" if default is None else f"{name} {kind} = {default}"
            for name, (kind, default) in self.params.items()
        )


def query_names() -> list[str]:
    """Names of all query files, whatever subject they are kept under."""
    return sorted(_paths())


def _paths() -> dict[str, Path]:
    """The file of each question; its folder is its subject."""
    return {path.stem: path for path in QUERIES.glob("*/*.sql") if path.parent.name not in _NO_ASK}


def check_names() -> list[str]:
    """Names of all checks: queries whose every row breaks a promise."""
    return sorted(path.stem for path in CHECKS.glob("*.sql"))


def read_check(name: str) -> Query:
    """One check, its head parsed.

    `name`: of the file in queries/checks, without its ending.
    """
    path = CHECKS / f"{name}.sql"
    return parse_query(path.read_text(encoding="utf-8"), path.name)


def read_query(name: str) -> Query:
    """One query file, its head parsed; raises NothingFound with its new name or the known ones.

    `name`: of the file, without its ending and its subject.
    """
    path = _paths().get(name)
    if path is None and name in RENAMED:
        raise NothingFound(f"no query '{name}'; it is called '{RENAMED[name]}' since 0.2")
    if path is None:
        raise NothingFound(f"no query '{name}'; there are: {', '.join(query_names())}")
    return parse_query(path.read_text(encoding="utf-8"), path.name)


def meanings_of(text: str, kind: str) -> dict[str, str]:
    """What each macro or view of a file is, by name: the comment lines right above it.

    `text`: the whole file. `kind`: macro or view.
    """
    head = re.compile(rf"((?:^-- .*\n)*)^create {kind} (\w+)", re.MULTILINE)
    return {
        one[2]: " ".join(line.removeprefix("-- ") for line in one[1].splitlines())
        for one in head.finditer(text)
    }


def query_index() -> str:
    """Every query and its question in Markdown, as queries/README.md holds it."""
    lines = ["# Questions", "", "Made from the files' heads by `make docs`; do not edit.", ""]
    lines += [
        "Ask one: `hexperience query NAME --param name=value`; what has a default may stay out.",
        "One of your own: [in SQL](../docs/sql.md).",
    ]
    paths = _paths()
    for subject in sorted({path.parent.name for path in paths.values()}):
        lines += ["", f"## {subject.capitalize()}", ""]
        lines += ["| query | question | parameters |", "| --- | --- | --- |"]
        asked = [read_query(name) for name in sorted(paths) if paths[name].parent.name == subject]
        lines += [
            f"| [{one.name}]({subject}/{one.name}.sql) | {one.question} | {one.asks} |"
            for one in asked
        ]
    lines += [
        "",
        "## Checks",
        "",
        "Each answers with the rows that break a promise. A run publishes nothing while there is",
        "one of a check that blocks; of the others it publishes the rows, and says in `quality`",
        "that they are unsafe. `hexperience check` holds the published marts against all of them.",
    ]
    lines += ["", "| check | guilty rows | blocks |", "| --- | --- | --- |"]
    lines += [
        f"| {name} | {read_check(name).question} | {'yes' if name in BLOCKING else ''} |"
        for name in check_names()
    ]
    return "\n".join(lines) + "\n"


def where_it_stands(error: str) -> str:
    """Where a column stands that a SELECT looked for in vain; empty where something else failed.

    `error`: what DuckDB said of the SELECT.
    """
    missing = re.search(r'Referenced column "(\w+)" not found', error)
    if missing is None:
        return ""
    return f"\n{_where(missing[1])}; 'describe TABLE' lists a table's columns"


def _where(column: str) -> str:
    """In which tables and questions a column stands, or what it is called now."""
    homes = {
        "table": [table for table in PUBLISHED if column in TABLES[table].columns],
        "query": [query for query in query_names() if column in read_query(query).returns],
    }
    named = [f"{kind} {', '.join(names)}" for kind, names in homes.items() if names]
    if named:
        return f"{column} stands in {', and in '.join(named)}{_renamed_in_part(column)}"
    if column in RENAMED_COLUMNS:
        return f"{column} is called {RENAMED_COLUMNS[column]} since 0.2"
    return f"no table has {column}"


def _renamed_in_part(column: str) -> str:
    """What a column is called now in the places that no longer have it; empty = none renamed it."""
    if column not in RENAMED_IN_PART:
        return ""
    places, name = RENAMED_IN_PART[column]
    return f"; that of {places} is called {name} since 0.2"


def headed(text: str) -> Query | None:
    """The question that a text with the head of a query file asks; None = it has no such head.

    `text`: SQL as somebody gives it.
    """
    text = text.lstrip()
    name = re.match(r"-- (\w+): ", text)
    try:
        return parse_query(text, f"{name[1]}.sql") if name else None
    except ValueError:
        return None


def parse_query(text: str, file: str) -> Query:
    """Head and SQL of a query file; raises ValueError naming the line that is wrong.

    `text`: the whole file. `file`: its name, which the head must begin with.
    """
    lines = text.splitlines()
    head = [line[3:] for line in lines[:5] if line.startswith("-- ")]
    keys = [line.split(":", 1)[0] for line in head]
    if keys[1:] != list(_HEAD) or f"{keys[0]}.sql" != file:
        raise ValueError(f"{file}: five head lines wanted: name, {', '.join(_HEAD)}; got {keys}")
    question, reads, params, returns, grain = (line.split(":", 1)[1].strip() for line in head)
    return Query(
        name=keys[0],
        question=question,
        reads=tuple(_listed(reads)),
        params={name: (kind, default) for name, kind, default in _columns(params, file)},
        returns={name: kind for name, kind, _ in _columns(returns, file)},
        grain=tuple(_listed(grain)),
        sql=text,
    )


def typed(question: Query, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter of a question, from text or values; QuestionError says what is wrong.

    `question`: with the types and defaults of its head. `given`: by name, as text or as values; the
    text NULL is None. One without a value takes its default.
    """
    takes = f"it takes: {question.asks or 'none'}"
    if unknown := sorted(set(given) - set(question.params)):
        raise QuestionError(f"{question.name}: unknown parameter {unknown[0]}; {takes}")
    values = {name: given.get(name, default) for name, (_, default) in question.params.items()}
    if lacking := [name for name, value in values.items() if value is None]:
        give = " ".join(f"{name}=..." for name in lacking)
        raise QuestionError(f"{question.name}: {', '.join(lacking)} needed: give {give}; {takes}")
    return {
        name: _typed(question.name, name, kind, values[name])
        for name, (kind, _) in question.params.items()
    }


def _typed(query: str, name: str, kind: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value == "NULL":
        return None
    try:
        return _CASTS[kind](value)
    except ValueError:
        raise QuestionError(f"{query}: parameter {name}: '{value}' is no {kind}") from None


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


_CASTS: dict[str, Any] = {
    "VARCHAR": str,
    "INTEGER": int,
    "DOUBLE": float,
    "DATE": date.fromisoformat,
    "BOOLEAN": _truth,
}


def _columns(text: str, file: str) -> Iterator[tuple[str, str, str | None]]:
    for column in _listed(text):
        parts = _COLUMN.match(column)
        if not parts:
            raise ValueError(f"{file}: '{column}' is not 'name TYPE' or 'name TYPE = default'")
        yield parts[1], parts[2], parts[3]


def _listed(text: str) -> list[str]:
    return [] if text == "none" else [part.strip() for part in text.split(",")]
