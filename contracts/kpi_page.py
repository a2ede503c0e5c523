"""The page of all KPIs, as docs/kpis.md holds it: formula, source, caveat, and who delivers it."""

from collections.abc import Iterator
from typing import Any

from contracts import vendors
from contracts.kpis import FAMILIES, Catalogue, catalogue


def page() -> str:
    """Every built-in KPI in Markdown, family by family."""
    lines = [
        "# KPIs",
        "",
        "Made from `contracts/kpis.toml` and the shelf of vendors by `make docs`; do not edit.",
        "",
        "A KPI is the sum of its numerators over the sum of its denominators, at any level: over "
        "cells, days, hexagons and regions alike. A day of a cell counts in a KPI where all of its "
        "counters are known. Below the least denominator there is no value. Counters are those of "
        "table [`pm`](dictionary.md#pm); a state is multiplied by its time before it is added, and "
        "`period_s` is the time covered. [In SQL](sql.md) and [in the configuration]"
        "(settings.md#kpiname) a KPI goes by its id; an operator adds his own there.",
        "",
    ]
    known, given = catalogue(), dict(_given())
    for family, question in FAMILIES.items():
        ids = [kpi for kpi, one in known.kpis.items() if one.family == family]
        if ids:
            lines += [f"## {question}: {family}", ""]
            lines += [line for kpi in ids for line in _entry(kpi, known, given)]
    return "\n".join(lines)


def _entry(kpi: str, known: Catalogue, given: dict[str, set[str]]) -> list[str]:
    one = known.kpis[kpi]
    busy = ", in the busy hour of each cell" if one.at == "busy_hour" else ""
    least = f" Least denominator: {one.least:,g}." if one.least else ""
    better = {"neither": "It says how much, not how well"}.get(one.better, f"Better {one.better}")
    holders = [
        name for name, columns in given.items() if any(w <= columns for w in known.ways(kpi))
    ]
    lines = [
        f"### {one.name}: {kpi}",
        "",
        f"`{known.formula(kpi)}`{busy}, in {one.unit}. {better}.{least}",
        "",
        f"- After: {one.source}.",
        f"- Delivered by: {', '.join(holders) or 'no vendor on the shelf'}.",
    ]
    return [*lines, *([f"- {one.caveat}"] if one.caveat else []), ""]


def _given() -> Iterator[tuple[str, set[str]]]:
    """Columns of `pm` that each vendor's map gives; sums over relations count with their export."""
    read = {name: vendors.read(vendors.file_of(name, vendors.SHELF)) for name in vendors.names()}
    alone = {name: _columns(keys) for name, keys in read.items() if keys["table"] == "pm"}
    for name, columns in alone.items():
        if read[name].get("repeated_rows") != "sum":
            beside = (other for other in alone if _is_beside(other, name, read))
            yield name, columns.union(*(alone[other] for other in beside))


def _is_beside(other: str, name: str, read: dict[str, dict[str, Any]]) -> bool:
    """Whether a map sums relations of the same nodes' files that another map reads."""
    is_sum = read[other].get("repeated_rows") == "sum"
    same_files = read[other].get("reader") == read[name].get("reader")
    makers = {vendor.split("_", maxsplit=1)[0] for vendor in (other, name)}
    return is_sum and same_files and len(makers) == 1


def _columns(keys: dict[str, Any]) -> set[str]:
    return {*keys.get("columns", {}), *keys.get("counters", {}), *keys.get("constants", {})}
