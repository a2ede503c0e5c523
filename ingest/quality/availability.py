"""Counters that files of a vendor do not have, and the KPIs that are disabled by that."""

from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from contracts.kpis import Catalogue


def notes(
    loads: Collection[dict[str, Any]], catalogue: Catalogue
) -> Iterator[tuple[str, str, str, str]]:
    """Yields a note for each counter that is absent somewhere and each KPI that lacks one.

    `loads`: what became of each file of `pm`: file, given, absent, partial. `catalogue`: all KPIs.
    A note is table, check, verdict, message; a column that no KPI needs, or that has another way,
    is noted as ok.
    """
    given = {column for load in loads for column in load["given"]}
    absent = _absent(loads)
    ways_of = {kpi: catalogue.ways(kpi) for kpi in catalogue.kpis}
    for column, files in sorted(absent.items()):
        verdict = "warn" if any(_costs(column, load, given, ways_of) for load in files) else "ok"
        where = "" if column not in given else f" in {len(files)} of {len(loads)} files"
        text = f"{column} not available{where}: {_reason(column, files)}."
        yield "pm", f"not available: {column}", verdict, text
    for kpi, ways in ways_of.items():
        lost = sorted(column for column in frozenset().union(*ways) & absent.keys() - given)
        if lost and not any(way <= given for way in ways):
            why = "; ".join(f"{column}: {_reason(column, absent[column])}" for column in lost)
            yield "pm", f"KPI {kpi}", "warn", f"{kpi} is disabled: {why}."


def kpi_rows(loads: Collection[dict[str, Any]], catalogue: Catalogue) -> pd.DataFrame:
    """Table `kpi` but for its run: the catalogue, and why a KPI is absent; NULL = it is there.

    `loads`: as of `notes`; none = no counters were given. `catalogue`: all KPIs.
    """
    given = {column for load in loads for column in load["given"]}
    absent = _absent(loads)
    rows = [
        {
            "kpi": kpi,
            "kpi_name": one.name,
            "family": one.family,
            "form": one.form,
            "formula": catalogue.formula(kpi),
            "kpi_unit": one.unit,
            "factor": one.factor,
            "better": one.better,
            "least_denominator": one.least,
            "interval_kind": catalogue.interval(kpi),
            "failures": one.failures,
            "kpi_source": one.source,
            "formula_version": one.version,
            "caveat": one.caveat or None,
            "is_own": catalogue.is_own(kpi),
            "absent_reason": _lacking(catalogue.ways(kpi), given, absent) or None,
        }
        for kpi, one in catalogue.kpis.items()
    ]
    return pd.DataFrame(rows)


def _lacking(
    ways: Collection[frozenset[str]], given: set[str], absent: dict[str, list[dict[str, Any]]]
) -> str:
    """Why no way to a KPI is open, of the way that lacks least; empty = one is."""
    lost = min([sorted(way - given) for way in ways], key=len)
    return "; ".join(
        f"{name}: {_reason(name, absent[name]) if name in absent else 'no source gives it'}"
        for name in lost
    )


def _absent(loads: Collection[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Columns that a source names and some of its files lack, each with those files."""
    given = {column for load in loads for column in load["given"]}
    absent: dict[str, list[dict[str, Any]]] = {}
    for load in loads:
        for column in load["absent"]:
            # files that each give a part are looked at together
            if not (load["partial"] and column in given):
                absent.setdefault(column, []).append(load)
    return absent


def _costs(
    column: str,
    load: dict[str, Any],
    given: set[str],
    ways_of: dict[str, tuple[frozenset[str], ...]],
) -> bool:
    """Whether a file that lacks a column has no KPI's other way to do without it."""
    columns = given if load["partial"] else {*load["given"]}
    kpis = [ways for ways in ways_of.values() if any(column in way for way in ways)]
    return any(not any(way <= columns for way in ways) for ways in kpis)


def _reason(column: str, files: list[dict[str, Any]]) -> str:
    """Why the first of the files lacks a column, and how many more do."""
    first, *others = files
    more = f" and {len(others):,} more" if others else ""
    return f"{first['absent'][column]} in {first['file']}{more}"
