"""What a report says first, in a few sentences."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from views.drawing import charts
from views.report.lines import Answers, between, by_metric, place
from views.words import driving, effected, foreseen, numbers, sentences
from views.words.numbers import amount, number, rows
from views.words.periods import Period


def as_of(at: Any, zone: str) -> str:
    """An instant as the report's head writes it, in the operator's zone.

    `at`: the instant; missing = nothing has a time. `zone`: an IANA zone.
    """
    if pd.isna(at):
        return "no time: nothing has one"
    local = pd.Timestamp(at).tz_convert(zone)
    return f"{local.day} {local:%b %Y, %H:%M} ({zone})"


def covered(period: Period, row: pd.Series) -> str:
    """What must be said if the data does not cover all of the period; else empty.

    `period`: the week or month. `row`: its row of the query `periods`; n_days_known 0 = no
    counters.
    """
    known, days = int(row["n_days_known"]), int(row["n_days"])
    if not known:
        return f"Which days of this {period.grain} the data covers is not known: no counters."
    if known < days:
        return f"Only {known} of this {period.grain}'s {days} days are known."
    return "" if row["is_over"] else f"The last day of this {period.grain} is not over yet."


def headline(period: Period, network: pd.DataFrame) -> dict[str, str]:
    """The network's drop rate and how it moved: rate, said, tone.

    `period`: the week or month. `network`: answer of network_periods; without a row of that period
    the rate is not known.
    """
    now = _of_period(network, period)
    if now is None:
        return {
            "rate": "",
            "said": "The network's drop rate is not known: no counters.",
            "tone": "",
        }
    moved = {
        "worse": f"more than in the {period.grain} before, and beyond chance",
        "better": f"fewer than in the {period.grain} before, and beyond chance",
        "same": f"no change beyond chance from the {period.grain} before",
    }.get(str(now["step"]), f"there is no {period.grain} before to compare with")
    return {
        "rate": number(now["drop_rate"], "share"),
        "said": f"of calls dropped: {moved}{_crept(network, period, now)}.",
        "tone": str(now["step"]),
    }


def _of_period(network: pd.DataFrame, period: Period) -> pd.Series | None:
    mine = network[pd.to_datetime(network["period_start"]) == pd.Timestamp(period.first)]
    return mine.iloc[0] if len(mine) else None


def in_short(
    period: Period, answers: Answers, row: pd.Series, zone: str
) -> Iterator[tuple[str, str]]:
    """What a manager reads: a word, and one sentence with its figures.

    `period`: the week or month. `answers`: as `write.build` asks them. `row`: the period's row of
    the query `periods`. `zone`: days are of this IANA zone.
    """
    now = _of_period(answers["network"], period)
    if now is not None:
        yield "Drop rate", _rate_in_words(period, now) + _once(answers["network"], period, now)
    if len(answers["look_first"]):
        yield (
            "To do first",
            _first_in_words(answers["look_first"].iloc[0], reported=answers["network"].empty),
        )
    if len(answers["cells"]):
        yield "Most excess drops", _worst_in_words(answers["cells"].iloc[0])
    if len(answers["cells"]) or len(answers["changes"]):
        yield "Changes", _changes_in_words(answers["changes"], zone)
    if len(answers["capacity"]):
        yield "Capacity", foreseen.in_short(answers["capacity"].iloc[0])
    if customers := _customers_in_words(answers["customers"]):
        yield "Customers", customers
    if shares := _shares_in_words(answers["shares"], period):
        yield "Not the network", shares
    done = len(answers["interventions"])
    text = f"{done} began or ended." if done else "None began or ended."
    yield "Interventions", f"{text} {effected.of_report(answers['effects'])}".strip()
    yield "Data", _data_in_words(row, now, answers["notes"])


def _shares_in_words(shares: pd.DataFrame, period: Period) -> str:
    """How much of complaints and detractors is not the network's, in the newest month by then."""
    known = shares.dropna(subset=["network_share"])
    until = known[pd.to_datetime(known["period_start"]) <= pd.Timestamp(period.last)]
    newest = until.sort_values("period_start").drop_duplicates("metric", keep="last")
    return " ".join(
        f"In {row.period_start:%B %Y}, {driving.elsewhere(row)}" for row in rows(newest)
    )


def _rate_in_words(period: Period, now: pd.Series) -> str:
    text = (
        f"{amount(now['dropped_calls'])} of {amount(now['call_attempts'])} calls; 90 % interval "
        f"{between(now, 'drop_rate', 'share')}."
    )
    if pd.isna(now["difference"]):
        return text
    before = number(now["previous_rate"], "share")
    low, high = (_points(now[f"difference_{end}"]) for end in ("lo", "hi"))
    return (
        f"{text} The {period.grain} before: {before}; difference {_points(now['difference'])} "
        f"percentage points ({low} to {high})."
    )


def _once(network: pd.DataFrame, period: Period, now: pd.Series) -> str:
    """The oldest rate that is drawn: what creeps is in no step from one period to the next."""
    first = _oldest(network, now)
    if first is None:
        return ""
    rate, ends = number(first["drop_rate"], "share"), between(first, "drop_rate", "share")
    return f" In {_when(period, first)} it was {rate} ({ends})."


def _crept(network: pd.DataFrame, period: Period, now: pd.Series) -> str:
    """How far the rate has come since the oldest one drawn, where their intervals do not meet."""
    first = _oldest(network, now)
    if first is None or not (
        now["drop_rate_lo"] > first["drop_rate_hi"] or now["drop_rate_hi"] < first["drop_rate_lo"]
    ):
        return ""
    way = "up" if now["drop_rate"] > first["drop_rate"] else "down"
    return f"; {way} from {number(first['drop_rate'], 'share')} in {_when(period, first)}"


def _oldest(network: pd.DataFrame, now: pd.Series) -> pd.Series | None:
    """The first of at least three rates; None where there are fewer, or it is the newest."""
    first = network.sort_values("period_start").iloc[0]
    alone = len(network) < 3 or first["period_start"] == now["period_start"]
    return None if alone else first


def _when(period: Period, row: pd.Series) -> str:
    the = "the " if period.grain == "week" else ""
    return the + numbers.period(period.grain, row["period_start"], row["period_end"])


def _points(difference: float) -> str:
    text = f"{100 * difference:+.2f}"
    return text.replace("-", "−") if float(text) else "0.00"


def _first_in_words(place: pd.Series, *, reported: bool) -> str:
    name, _ = sentences.ranked_by(place.to_frame().T, reported=reported)
    above = "the mean of all reports" if reported else "a typical cell's rate"
    scale = "fewer a month" if name == "benefit_month" else f"a month above {above}"
    what_to_do = place["advice"] if isinstance(place["advice"], str) else place["seen"]
    return (
        f"{place['place_name']}: {what_to_do} {amount(place[name])} dropped "
        f"calls {scale} ({numbers.between(place, name)})."
    )


def _worst_in_words(worst: pd.Series) -> str:
    return (
        f"{worst['cell_id']}, {place(worst)}: "
        f"{number(worst['drops_excess_month'], 'count')} drops a month above a typical cell's rate "
        f"({between(worst, 'drops_excess_month', 'count')}), "
        f"{number(worst['drop_rate'], 'share')} of {amount(worst['call_attempts'])} calls."
    )


def _changes_in_words(changes: pd.DataFrame, zone: str) -> str:
    if changes.empty:
        return "No change of drop rate is dated in these days."
    worse = int((changes["direction"] == "up").sum())
    first = next(iter(rows(changes)))
    return (
        f"{len(changes)} dated in these days: {worse} for the worse, {len(changes) - worse} for "
        f"the better. Most drops: {charts.label(first)}, {sentences.when(first, zone)}."
    )


_WORST = {"high": "highest", "low": "lowest"}
"""The bad end of a metric, by name: not everything that a report lists can be its worst."""


def _customers_in_words(customers: pd.DataFrame) -> str:
    metrics = list(by_metric(customers))
    if not metrics:
        return ""
    look, places = metrics[0]
    shown = places[places["value"].notna()]
    month = pd.Timestamp(places["period_start"].iloc[0])
    if shown.empty:
        return f"{look.title} of {month:%B %Y}: no place has persons enough to show a figure."
    worst = shown.iloc[0]
    return (
        f"{look.title} in {month:%B %Y} surely {_WORST[look.bad]} in {place(worst)}: "
        f"{number(worst['value'], look.figure)} {look.unit} "
        f"({between(worst, 'value', look.figure)})."
    )


def _data_in_words(row: pd.Series, now: pd.Series | None, notes: pd.DataFrame) -> str:
    text = f"{row['n_days_known']} of {row['n_days']} days"
    if now is not None:
        up = number(now["availability"], "share")
        text += f", {amount(now['n_cells'])} cells, available {up} of the time"
    unsafe, mind = (int((notes["verdict"] == verdict).sum()) for verdict in ("unsafe", "warn"))
    if unsafe:
        return f"{text}; {unsafe} notes say: do not rely on it (below)."
    return (
        f"{text}; {mind} notes to read with care (below)."
        if mind
        else f"{text}; all checks in order."
    )
