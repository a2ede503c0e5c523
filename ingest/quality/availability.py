"""Counters that files of a vendor do not have, and the KPIs that are disabled by that."""

from collections.abc import Collection, Iterator
from typing import Any

from contracts.kpis import KPI_NEEDS


def notes(loads: Collection[dict[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    """Yields a note for each counter that is absent somewhere and each KPI that lacks one.

    `loads` is what became of each file of `pm`. A note is table, check, verdict, message; a column
    that no KPI needs, or that has another way, is noted as ok.
    """
    given = {column for load in loads for column in load["given"]}
    absent: dict[str, list[dict[str, Any]]] = {}
    for load in loads:
        for column in load["absent"]:
            # files that each give a part are looked at together
            if not (load["partial"] and column in given):
                absent.setdefault(column, []).append(load)
    for column, lacking in sorted(absent.items()):
        verdict = "warn" if any(_costs(column, load, given) for load in lacking) else "ok"
        where = "" if column not in given else f" in {len(lacking)} of {len(loads)} files"
        text = f"{column} not available{where}: {_reason(column, lacking)}."
        yield "pm", f"not available: {column}", verdict, text
    for kpi, ways in KPI_NEEDS.items():
        lost = [column for way in ways for column in way if column in absent.keys() - given]
        if lost and not any({*way} <= given for way in ways):
            why = "; ".join(f"{column}: {_reason(column, absent[column])}" for column in lost)
            yield "pm", f"KPI {kpi}", "warn", f"{kpi} is disabled: {why}."


def _costs(column: str, load: dict[str, Any], given: set[str]) -> bool:
    """Whether a file that lacks a column has no KPI's other way to do without it."""
    there = given if load["partial"] else {*load["given"]}
    needing = [ways for ways in KPI_NEEDS.values() if any(column in way for way in ways)]
    return any(not any({*way} <= there for way in ways) for ways in needing)


def _reason(column: str, lacking: list[dict[str, Any]]) -> str:
    first, *others = lacking
    more = f" and {len(others):,} more" if others else ""
    return f"{first['absent'][column]} in {first['file']}{more}"
