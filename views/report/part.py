"""The part of a report that is one audience's: its regions, cells and KPIs beside the whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from contracts.settings.audiences import Audience, Part
from views.report.lines import Answers, between
from views.words import numbers
from views.words.looks import Look, look_of
from views.words.periods import Period

_OF_PLACES = (
    *("hexagons", "cells", "changes", "customers", "look_first"),
    *("worst_cells", "percentiles", "interventions", "effects"),
)
_MOVED = {"up": "▲", "down": "▼", "same": "="}


_PART_OF: dict[str, Part] = {
    "steps": "regions", "hexagons": "where", "look_first": "first", "capacity": "first",
    "changes": "changes", "cells": "cells", "customers": "customers", "shares": "customers",
    "worst_cells": "regulator", "percentiles": "regulator", "interventions": "interventions",
    "effects": "interventions", "receipt": "data", "notes": "data",
}  # fmt: skip
"""The section that shows each table; one without a section goes to everybody."""


@dataclass(frozen=True)
class Reader:
    """Whose report it is: an audience's by its name, or everybody's."""

    name: str = ""
    audience: Audience | None = None

    @property
    def title(self) -> str:
        """The audience as its report names it; empty for everybody."""
        return (self.audience.title if self.audience else "") or self.name

    def shows(self, section: Part) -> bool:
        """Whether the report has a section.

        `section`: one of PARTS.
        """
        return self.audience is None or section in self.audience.sections

    def tables(self, answers: Answers) -> Answers:
        """The answers that stand beside the page: those of its sections.

        `answers`: as `write.build` asks them, narrowed.
        """
        return {name: answer for name, answer in answers.items()
                if name not in _PART_OF or self.shows(_PART_OF[name])}  # fmt: skip

    def beside(self, answers: Answers) -> list[str]:
        """Names of the files of tables that stand beside the page.

        `answers`: as of `tables`.
        """
        formats = self.audience.formats if self.audience else ("csv",)
        names = [f"{name}.csv" for name in self.tables(answers)] if "csv" in formats else []
        names += ["tables.xlsx"] if "xlsx" in formats else []
        return names + (["hexagons.gpkg"] if "gpkg" in formats else [])

    def narrowed(self, answers: Answers, groups: pd.DataFrame) -> Answers:
        """The answers with the rows of the audience's part alone; sums of the whole stay.

        `answers`: as `write.build` asks them. `groups`: answer of cell_groups. Every row that is
        left stands in the whole report as it is: no figure is made anew, so none of persons can be
        put together that the whole report does not give.
        """
        if self.audience is None:
            return answers
        return narrowed(answers, self.audience, groups)


EVERYBODY = Reader()


@dataclass(frozen=True)
class Step:
    """One KPI of a region or of the whole, with what it was before; `bad`: beyond its limit."""

    place: str
    kpi: str
    value: str
    between: str
    earlier: tuple[tuple[str, str, str], ...]
    limit: str
    bad: bool


def narrowed(answers: Answers, audience: Audience, groups: pd.DataFrame) -> Answers:
    """As `Reader.narrowed`.

    `answers`, `groups`: likewise. `audience`: whose part.
    """
    mine = {name: _of_part(answers[name], audience, groups) for name in _OF_PLACES
            if name in answers}  # fmt: skip
    if audience.regions:
        # it is counted over the whole network
        mine["capacity"] = answers["capacity"].head(0)
    steps = answers["steps"]
    wanted = steps["metric"].isin(audience.kpis)
    if audience.regions:
        wanted &= steps["region"].isna() | steps["region"].isin(audience.regions)
    return {**answers, **mine, "steps": steps[wanted]}


def _of_part(frame: pd.DataFrame, audience: Audience, groups: pd.DataFrame) -> pd.DataFrame:
    if audience.regions and "region" in frame:
        frame = frame[frame["region"].isin(audience.regions)]
    generations = groups[groups["technology"].isin(audience.technologies)]
    for name in ("cell_id", "site_id") if audience.technologies else ():
        if name in frame:
            # a place without cells of its own, such as a hexagon, has all generations
            frame = frame[frame[name].isna() | frame[name].isin(generations[name])]
    return frame


def steps(frame: pd.DataFrame, audience: Audience, period: Period) -> Iterator[Step]:
    """The network and its regions by each KPI of an audience, the network first.

    `frame`: answer of region_steps, narrowed. `audience`: with its limits. `period`: spoken of.
    """
    ordered = frame.assign(_at=frame["metric"].map(audience.kpis.index))
    ordered = ordered.sort_values(["_at", "outcome_class", "place_type"], kind="stable")
    for row in ordered.to_dict("records"):
        if row["place_type"] == "network" or row["region"]:
            yield _step({str(k): v for k, v in row.items()}, audience, period)


def _step(row: dict[str, Any], audience: Audience, period: Period) -> Step:
    look = look_of(row["metric"])
    limit = audience.thresholds.get(row["metric"])
    kind = "" if row["outcome_class"] == "all" else f", {row['outcome_class']}"
    known = numbers.number(row["value"], look.figure)
    return Step(
        place=row["region"] if row["place_type"] == "region" else "the whole network",
        kpi=f"{look.title}{kind}",
        value=known if row["shown"] == "shown" else "not shown",
        between=between(row, "value", look.figure),
        earlier=tuple(_earlier(row, look, period)),
        limit="" if limit is None else numbers.number(limit, look.figure),
        bad=limit is not None and _is_beyond(row["value"], limit, look),
    )


def _earlier(row: dict[str, Any], look: Look, period: Period) -> Iterator[tuple[str, str, str]]:
    """What it was before: heading, value, and an arrow where it moved beyond chance."""
    month = {"month": "4 weeks before"} if period.grain == "week" else {}
    for key, head in {"before": f"{period.grain} before", **month, "year": "year before"}.items():
        step = row[f"{key}_step"]
        arrow = _MOVED.get(step, "") if isinstance(step, str) else ""
        yield head, numbers.number(row[f"{key}_value"], look.figure), arrow


def _is_beyond(value: float, limit: float, look: Look) -> bool:
    return bool(value > limit if look.bad == "high" else value < limit)


def headline(whole: dict[str, str], frame: pd.DataFrame, audience: Audience) -> dict[str, str]:
    """The first line of an audience's report: that of its region, else of the whole network.

    `whole`: as of `in_short.headline`. `frame`: answer of region_steps. `audience`: whose report.
    Of several regions none stands for the others: they have a table.
    """
    rates = frame[(frame["metric"] == "drop_rate") & frame["region"].isin(audience.regions)]
    if len(audience.regions) != 1 or rates.empty:
        return whole
    (name,), (row,) = audience.regions, rates.to_dict("records")
    moved = {
        "up": ("more than before, and beyond chance", "worse"),
        "down": ("fewer than before, and beyond chance", "better"),
        "same": ("no change beyond chance", "same"),
    }
    said, tone = moved.get(str(row["before_step"]), ("there is nothing before it", ""))
    network = f" The whole network: {whole['rate']}." if whole["rate"] else ""
    rate = numbers.number(row["value"], "share")
    return {"rate": rate, "said": f"of calls dropped in {name}: {said}.{network}", "tone": tone}
