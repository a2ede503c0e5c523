"""Counters that files of a vendor do not have, and the KPIs that are disabled by that."""

from collections.abc import Collection, Iterator
from typing import Any

from contracts.kpis import KPI_NEEDS


def notes(loads: Collection[dict[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    """Yields a note for each counter that is absent somewhere and each KPI that lacks one.

    `loads`: what became of each file of `pm`: file, given, absent, partial. A note is table, check,
    verdict, message; a column that no KPI needs, or that has another way, is noted as ok.
    """
    given = {column for load in loads for column in load["given"]}
    absent: dict[str, list[dict[str, Any]]] = {}
    for load in loads:
        for column in load["absent"]:
            # files that each give a part are looked at together
            if not (load["partial"] and column in given):
                absent.setdefault(column, []).append(load)
    for column, files in sorted(absent.items()):
        verdict = "warn" if any(_costs(column, load, given) for load in files) else "ok"
        where = "" if column not in given else f" in {len(files)} of {len(loads)} files"
        text = f"{column} not available{where}: {_reason(column, files)}."
        yield "pm", f"not available: {column}", verdict, text
    for kpi, ways in KPI_NEEDS.items():
        lost = [column for way in ways for column in way if column in absent.keys() - given]
        if lost and not any({*way} <= given for way in ways):
            why = "; ".join(f"{column}: {_reason(column, absent[column])}" for column in lost)
            yield "pm", f"KPI {kpi}", "warn", f"{kpi} is disabled: {why}."


def _costs(column: str, load: dict[str, Any], given: set[str]) -> bool:
    """Whether a file that lacks a column has no KPI's other way to do without it."""
    columns = given if load["partial"] else {*load["given"]}
    kpis = [ways for ways in KPI_NEEDS.values() if any(column in way for way in ways)]
    return any(not any({*way} <= columns for way in ways) for ways in kpis)


def _reason(column: str, files: list[dict[str, Any]]) -> str:
    """Why the first of the files lacks a column, and how many more do."""
    first, *others = files
    more = f" and {len(others):,} more" if others else ""
    return f"{first['absent'][column]} in {first['file']}{more}"
