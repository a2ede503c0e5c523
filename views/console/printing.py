"""What the console prints, and how it reads the options that are no plain words."""

import shutil
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from typer.core import TyperCommand

from contracts.errors import QuestionError
from ingest.sandbox.asking import Answer
from ingest.warehouse.marts import Marts
from views.console import export
from views.words import sentences

OUT, ERR = Console(), Console(stderr=True)
_COLOURS = {"ok": "", "warn": "yellow", "fault": "bold red"}


def instant(text: str) -> datetime:
    """The instant that --now names; raises QuestionError where it has no offset.

    `text`: ISO 8601 with its offset.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise QuestionError(f"--now {text}: write it with its offset, as 2026-11-22T06:00Z")
    return at


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """What --param names, name by name; raises QuestionError where one is no name=value.

    `texts`: one for each --param; of a name given twice the last value holds.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise QuestionError(f"--param {text}: write it as name=value")
        found[name] = value
    return found


def say(text: str, style: str = "") -> None:
    """One line of text as it is.

    `text`: the line. `style`: of Rich, such as yellow; empty = plain.
    """
    OUT.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def deliver(frame: pd.DataFrame, form: str, out: Path | None) -> None:
    """A table in a format of `export`, to a file or to standard output, fitting a terminal.

    `frame`: the table. `form`: one of `export.FORMATS`. `out`: the file; None = standard output.
    Raises QuestionError as `export.encoded` does.
    """
    if out is None and form == "table" and sys.stdout.isatty():
        sys.stdout.write(export.table(frame, width=shutil.get_terminal_size().columns))
        return
    content = export.encoded(frame, form)
    if out is not None:
        export.write(content, out)
        ERR.print(f"{len(frame):,} rows written to {out}", highlight=False)
    else:
        sys.stdout.buffer.write(content)


def deliver_answer(answer: Answer, form: str, out: Path | None) -> None:
    """As `deliver`; what cut the answer is said beside it, on standard error.

    `answer`: of the sandbox. `form`, `out`: as of `deliver`.
    """
    deliver(answer.frame, form, out)
    for note in answer.notes:
        ERR.print(note, style="yellow", markup=False, highlight=False, soft_wrap=True)


def print_findings(found: pd.DataFrame, form: str) -> None:
    """What a check found, a row each: verdict, about, message; in colour or a form of `export`."""
    if form != "text":
        deliver(found, form, None)
        return
    for verdict, about, message in found.to_numpy().tolist():
        say(f"{verdict:5}  {about}: {message}", style=_COLOURS[verdict])


class TakesSql(TyperCommand):
    """A command whose argument may begin with a comment of SQL, which looks like an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What is left after the options.

        `ctx`: of the call. `args`: its words. A word that begins with two dashes and a space, or
        has several lines, is no option.
        """
        return super().parse_args(ctx, [_as_argument(word) for word in args])


def _as_argument(word: str) -> str:
    is_comment = word.startswith("-- ") or (word.startswith("--") and "\n" in word)
    # a comment is one behind a space too
    return f" {word}" if is_comment else word


def print_receipt(marts: Marts) -> None:
    """What a run read, found and warns of, and what to do first.

    `marts`: what the run published.
    """
    OUT.print(_rows_grid(marts.query("receipt")))
    counts = marts.query("counts").iloc[0]
    known = pd.notna(counts["as_of_utc"])
    as_of = f"{counts['as_of_utc']:%Y-%m-%d %H:%M} UTC" if known else "no time: nothing has one"
    say(
        f"{counts['n_hexes']:,} hexagons, {counts['n_cells']:,} cells, "
        f"{counts['n_changes']:,} dated changes; data as of {as_of}"
    )
    notes = marts.query("quality_notes")
    for note in notes[notes["verdict"] != "ok"].to_dict("records"):
        say(f"{note['verdict']}: {note['table_name']}: {note['message']}", style="yellow")
    layers, states = marts.query("map_layers"), marts.query("place_states")
    _print_places(marts.query("worst_places", top=10), states, layers)


def _rows_grid(receipt: pd.DataFrame) -> Table:
    grid = Table(title="rows: read = accepted + refused", title_justify="left")
    grid.add_column("source")
    for name in ("read", "accepted", "refused", "values set to missing"):
        grid.add_column(name, justify="right")
    for name, *counts in receipt.to_numpy().tolist():
        grid.add_row(name, *(f"{n:,}" for n in counts))
    return grid


def _print_places(places: pd.DataFrame, states: pd.DataFrame, layers: pd.DataFrame) -> None:
    if places.empty and states.empty:
        rates = layers[layers["metric"].isin(["drop_rate", "call_drop_rate"])]
        why = (
            "no drop rate is known" if rates.empty else "no drop rate may be shown: too few persons"
        )
        say(f"no place can be ranked: {why}")
        return
    if places.empty:
        say(sentences.others(states, _listed_kind(states)))
        return
    known = places["benefit_month"].notna().any()
    by = "benefit_month" if known else "drops_excess_month"
    what = (
        "what to do first[/]: avoidable drops"
        if known
        else "worst first[/]: drops above a typical cell's rate"
    )
    OUT.print(f"\n[bold]{what} a month, 90 % interval, why")
    for place in places.fillna({"region": "", "unsafe_reason": ""}).to_dict("records"):
        lo, hi = place[f"{by}_lo"], place[f"{by}_hi"]
        excess = f"{place[by]:,.0f} ({lo:,.0f} to {hi:,.0f})"
        name = " · ".join(part for part in (place["place_name"], place["region"]) if part)
        say(f"{place['rank']:>3}  {name}: {excess}")
        if place["unsafe_reason"]:
            say(f"     not to be relied on: {place['unsafe_reason']}", style="yellow")
        say(f"     {sentences.in_short(place)}")
        if action := sentences.best_action(place):
            say(f"     {action}")
    if others := sentences.others(states, places["place_type"].iloc[0]):
        say(f"\n{others}")


def _listed_kind(states: pd.DataFrame) -> str:
    """The kind of place that a list is made of: sites, where there are any."""
    return next(kind for kind in ("site", "hex", "cell") if kind in set(states["place_type"]))
