import math
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contracts.fields import METRICS
from views.words import numbers, sentences
from views.words.colours import UNKNOWN, scale
from views.words.looks import LOOKS, look_of
from views.words.numbers import number


@pytest.mark.parametrize(
    ("value", "figure", "written"),
    [
        (0.0184, "share", "1.84 %"),
        (0.184, "share", "18.4 %"),
        (0.0, "share", "0.00 %"),
        (735.0, "share", "over 100 %"),
        (71.4, "percent", "71 %"),
        (1234.4, "count", "+1,234"),
        (-3.25, "count", "−3.2"),
        (-0.04, "count", "0"),
        (1.94, "ratio", "×1.9"),
        (0.52, "ratio", "×0.52"),
        (12.4, "ratio", "×12"),
        (-11.7, "points", "−12"),
        (0.2, "points", "0"),
        (3.21, "plain", "3.2"),
        (1234.5, "plain", "1,234"),
        (math.nan, "share", "–"),
        (None, "count", "–"),
    ],
)
def test_numbers_are_written_as_people_read_them(
    value: float | None, figure: numbers.Figure, written: str
) -> None:
    assert number(value, figure) == written


def test_an_interval_without_an_end_is_not_written() -> None:
    assert numbers.interval(0.016, 0.021, "share") == "1.60 % to 2.10 %"
    assert numbers.interval(math.nan, 0.021, "share") == ""
    assert numbers.interval(None, None, "count") == ""


def test_a_part_of_a_period_is_marked_so() -> None:
    assert numbers.period("month", date(2025, 6, 1), date(2025, 6, 12)) == "June 2025, to 12 Jun"
    assert numbers.period("week", date(2025, 6, 9), date(2025, 6, 11)) == (
        "week of 9 Jun 2025, to 11 Jun"
    )
    assert numbers.period("month", date(2024, 2, 1), pd.Timestamp("2024-02-29")) == "February 2024"


@pytest.mark.parametrize(
    ("grain", "written"),
    [
        ("day", "9 Jun 2025"),
        ("week", "week of 9 Jun 2025"),
        ("month", "June 2025"),
        ("all", "9 Jun 2025 to 1 Aug 2025"),
    ],
)
def test_periods_are_written_by_their_grain(grain: str, written: str) -> None:
    assert numbers.period(grain, date(2025, 6, 9), date(2025, 8, 1)) == written


def test_counts_stand_behind_a_rate_only_where_they_are_released() -> None:
    rate = look_of("drop_rate")
    assert sentences.counts(rate, 55.0, 3367.0) == "55 dropped of 3,367 calls"
    assert sentences.counts(rate, math.nan, 3367.0) == "3,367 calls"
    assert sentences.counts(rate, 55.0, math.nan) == ""
    assert sentences.counts(look_of("nps"), math.nan, 40.0) == "40 answers"
    assert sentences.counts(look_of("change_ratio"), 1.0, 2.0) == ""


def test_beside_a_borrowing_value_stand_the_place_alone_and_its_target() -> None:
    rate = look_of("complaints_per_1000")
    assert sentences.alone(rate, 8.14) == "8.1 measured there"
    assert sentences.alone(rate, math.nan) == ""
    assert sentences.worse(rate, 0.973, 6.3) == "worse than 6.3: 97 %"
    assert sentences.worse(rate, 0.9999, 6.3) == "worse than 6.3: over 99 %"
    assert sentences.worse(rate, 0.0001, 6.3) == "worse than 6.3: under 1 %"
    assert sentences.worse(rate, 0.9, math.nan) == ""


def test_every_metric_that_hexagons_hold_has_a_look_of_its_own() -> None:
    assert set(METRICS) == set(LOOKS)


def test_an_unforeseen_metric_goes_by_its_name_and_unit() -> None:
    assert look_of("rsrp_p50_dbm").title == "Rsrp p50 dbm"
    assert look_of("rsrp_p50_dbm").unit == "dBm"


# --- places -----------------------------------------------------------------------------------


def ranked(**given: Any) -> dict[str, Any]:
    place = {
        "advice": "Add capacity.", "seen": "2.00 % of calls dropped, mostly in w: about 4 a day.",
        "drops_avoidable_month": 1000.0, "drops_avoidable_month_lo": 910.0,
        "drops_avoidable_month_hi": 1090.0, "p_top20": math.nan, "complainants_avoided": math.nan,
        "complainants_avoided_lo": math.nan, "complainants_avoided_hi": math.nan,
        "detractors_avoided": math.nan, "detractors_avoided_lo": math.nan,
        "detractors_avoided_hi": math.nan,
    }  # fmt: skip
    return {**place, **given}


def test_a_place_in_short_is_what_to_do_and_what_is_seen_as_they_stand() -> None:
    assert sentences.in_short(ranked()) == (
        "Add capacity. 2.00 % of calls dropped, mostly in w: about 4 a day."
    )
    assert sentences.in_short(ranked(advice=None, seen="Seen.")) == "Seen."


def test_a_place_in_full_says_what_is_avoided_and_how_surely() -> None:
    persons = {"complainants_avoided": 20.0, "complainants_avoided_lo": 18.0,
               "complainants_avoided_hi": 22.0}  # fmt: skip
    assert sentences.in_full(ranked(seen="Seen.", p_top20=0.25, **persons)) == (
        "Add capacity. About 1,000 (910 to 1,090) dropped calls a month fewer, 25 % sure to be "
        "among the first 20; provisionally 20 (18 to 22) complainants a month. Seen."
    )
    assert "over 99 % sure" in sentences.in_full(ranked(p_top20=1.0))
    # nothing advised: nothing is avoided
    assert sentences.in_full(ranked(advice=None, seen="Seen.")) == "Seen."


def test_who_is_not_surely_fewer_is_left_out_of_the_words() -> None:
    unsure = {"complainants_avoided": 20.0, "complainants_avoided_lo": 0.5,
              "complainants_avoided_hi": 40.0}  # fmt: skip
    assert "complainants" not in sentences.avoided(ranked(**unsure))


# --- changes ----------------------------------------------------------------------------------


def row(**given: Any) -> SimpleNamespace:
    at = pd.Timestamp("2025-04-11 22:30", tz="UTC")
    held = {
        "change_utc": at, "change_lo_utc": at - pd.Timedelta(days=1),
        "change_hi_utc": at + pd.Timedelta(days=1), "cell_id": "LDS-02", "direction": "up",
        "ratio": 1.94, "ratio_lo": 1.6, "ratio_hi": 2.3, "prb_before_pct": 51.0,
        "prb_after_pct": 69.0, "attribution": "undecided",
    }  # fmt: skip
    return SimpleNamespace(**{**held, **given})


def test_a_change_stands_on_the_day_of_its_own_zone() -> None:
    assert sentences.change(row(), "Europe/London") == (
        "11 Apr 2025 (10 to 12 Apr): drops of LDS-02 went up to ×1.9 (×1.6 to ×2.3) of those "
        "before; its busy-hour PRB went from 51 % to 69 %; whether due to load is undecided."
    )
    assert sentences.when(row(), "Asia/Kolkata") == "12 Apr 2025 (11 to 13 Apr)"


def test_what_is_not_known_of_a_change_is_not_said() -> None:
    text = sentences.change(row(change_lo_utc=pd.NaT, prb_before_pct=math.nan), "UTC")
    assert text.startswith("11 Apr 2025: drops")
    assert "PRB" not in text


@pytest.mark.parametrize(
    ("attribution", "moved_by", "per_traffic", "words"),
    [
        ("relief", "room", 0.57, "; room was added: PRB of the same traffic went down by 43 %."),
        ("relief", "demand", 1.01, "; less was asked of it."),
        ("other", "efficiency", 1.4,
         "; efficiency was lost, as by interference: PRB of the same traffic went up by 40 %."),
        ("other", "demand", 1.1, "; not due to load."),
        ("load", "room", 0.8, "; due to load."),
        ("relief", None, math.nan, "; due to relief of load."),
    ],
)  # fmt: skip
def test_a_step_of_capacity_reads_otherwise_than_a_fall_in_demand(
    attribution: str, moved_by: str | None, per_traffic: float, words: str
) -> None:
    changed = row(
        attribution=attribution, load_moved_by=moved_by, prb_per_traffic_ratio=per_traffic
    )
    assert sentences.change(changed, "UTC").endswith(words)


# ------------------------------------------------------------------------------------- colour


def frame(values: list[float], weights: list[float] | None = None) -> pd.DataFrame:
    return pd.DataFrame({"value": values, "denominator": weights or [1.0] * len(values)})


def lightness(stop: str) -> float:
    """Lightness of a colour in OKLab (Ottosson 2020), 0 black to 1 white."""
    srgb = np.array([int(stop[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(np.array([
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]) @ linear)  # fmt: skip
    return float(cones @ [0.2104542553, 0.7936177850, -0.0040720468])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("metric", "values", "sides"),
    [("drop_rate", [0.01, 0.02], 1), ("drops_excess_month", [-5.0, 5.0], 2), ("nps", [-9, 9], 2)],
)
def test_lightness_goes_in_even_steps_away_from_the_start_or_the_middle(
    theme: str, metric: str, values: list[float], sides: int
) -> None:
    colours = scale(frame(values), look_of(metric), theme)
    assert colours is not None
    light = np.array([lightness(stop) for stop in colours.stops])
    parts = [light] if sides == 1 else [light[4::-1], light[4:]]
    for part in parts:
        steps = np.diff(part)
        assert (np.sign(steps) == np.sign(steps[0])).all()
        assert np.ptp(steps) < 0.02


def test_a_scale_spreads_over_calls_and_not_over_empty_country() -> None:
    empty, busy = [0.5] * 98, [0.01, 0.03]
    colours = scale(frame(empty + busy, [1] * 98 + [9e5] * 2), look_of("drop_rate"), "light")
    assert colours is not None
    assert (colours.low, colours.high) == (0.01, 0.03)


def test_a_two_sided_scale_is_neutral_at_its_centre_and_equally_far_to_both_sides() -> None:
    colours = scale(frame([-10, -5, 0, 40, 50]), look_of("drops_excess_month"), "light")
    assert colours is not None
    assert -colours.low == colours.high
    assert colours.place([0.0]).tolist() == [0.5]


def test_twice_and_half_are_equally_far_from_unchanged() -> None:
    colours = scale(frame([0.3, 1.0, 2.0, 3.0]), look_of("change_ratio"), "dark")
    assert colours is not None
    low, middle, high = colours.place([0.5, 1.0, 2.0])
    assert middle == pytest.approx(0.5)
    assert high - middle == pytest.approx(middle - low)


def test_the_bad_end_looks_the_same_whichever_way_bad_lies() -> None:
    high = scale(frame([0.01, 0.02]), look_of("call_drop_rate"), "light")
    low = scale(frame([2.0, 4.0]), look_of("rating_mean"), "light")
    assert high is not None
    assert low is not None
    assert high.colours([0.02]).tolist() == low.colours([2.0]).tolist()


def test_an_unreleased_value_is_grey_and_in_no_scale() -> None:
    colours = scale(frame([0.01, 0.02, math.nan]), look_of("drop_rate"), "light")
    assert colours is not None
    assert colours.colours([math.nan]).tolist() == [list(UNKNOWN[:3])]
    assert scale(frame([math.nan]), look_of("drop_rate"), "light") is None


def test_one_value_everywhere_still_has_a_scale() -> None:
    colours = scale(frame([2.0, 2.0]), look_of("change_ratio"), "light")
    assert colours is not None
    assert colours.low < 2.0 <= colours.high


def test_a_wide_interval_is_faint_and_none_is_not_held_against_the_value() -> None:
    colours = scale(frame([0.0, 1.0]), look_of("drop_rate"), "light")
    assert colours is not None
    sure, wide, unknown = colours.opacities([0.5, 0.1, math.nan], [0.5, 0.9, math.nan])
    assert wide < sure == unknown


def test_an_interval_wholly_off_the_scale_leaves_no_doubt() -> None:
    colours = scale(frame([0.0, 1.0]), look_of("drop_rate"), "light")
    assert colours is not None
    beyond, inside = colours.opacities([2.0, 0.2], [9.0, 0.8])
    assert beyond > inside


def test_the_ends_of_the_scale_say_that_they_are_open() -> None:
    colours = scale(frame([0.01, 0.02]), look_of("drop_rate"), "light")
    assert colours
    texts = [text for _, text in colours.ticks()]
    assert (texts[0], texts[-1]) == ("≤ 1.00 %", "≥ 2.00 %")


@pytest.mark.parametrize(
    ("p", "written"),
    [(0.78, "78 %"), (0.996, "over 99 %"), (1.0, "over 99 %"), (0.0, "under 1 %"), (np.nan, "")],
)
def test_no_probability_is_written_as_certain(p: float, written: str) -> None:
    assert numbers.sure(p) == written


def test_what_failed_a_check_says_so_and_nothing_else_does() -> None:
    assert sentences.unsafe({"unsafe_reason": "x"}) == "Not to be relied on: x. "
    assert sentences.unsafe({"unsafe_reason": np.nan}) == ""


TREATED = {
    "action": "add_carrier", "action_place_type": "sector", "action_at": "LDS21/170",
    "action_site": "Leeds 21", "action_azimuth_deg": 170.0, "action_cells": "B1, B2",
    "n_action_cells": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "the sector of Leeds 21 facing 170 degrees, cells B1, B2"),
        ({"action_azimuth_deg": math.nan, "action_cells": "B1", "n_action_cells": 1},
         "the sector of Leeds 21, cell B1"),
        ({"action_place_type": "site", "action_at": "LDS21"}, "site Leeds 21, cells B1, B2"),
        ({"action_place_type": "cell", "action_at": "B1"}, "cell B1"),
        # an inventory that no longer has it
        ({"action_site": None}, "LDS21/170"),
    ],
)  # fmt: skip
def test_where_an_action_is_taken_is_said_in_words(given: dict[str, Any], words: str) -> None:
    assert sentences.ground({**TREATED, **given}) == words


def test_no_action_avoids_more_than_all_and_nothing_is_written_in_powers_of_ten() -> None:
    assert (sentences.reached(1.0), sentences.reached(0.996)) == ("all", "all")
    assert sentences.reached(0.57) == "57 %"
    assert numbers.brief(3e-06) == "under 0.01"
    assert numbers.brief(123456.0) == "123,456"


def test_a_high_probability_beside_an_interval_from_zero_has_its_reason() -> None:
    surely = ranked(p_top20=1.0, drops_avoidable_month_lo=0.0)
    assert sentences.among_first(surely) == (
        "over 99 % sure to be among the first 20, for most other places have still less to avoid"
    )
    assert sentences.among_first(ranked(p_top20=1.0)) == "over 99 % sure to be among the first 20"
    assert sentences.among_first(ranked()) == ""


def test_places_that_are_not_listed_are_said_to_be_well() -> None:
    states = pd.DataFrame({
        "place_type": ["site", "site", "site", "cell"],
        "place_state": ["act", "well", "high", "well"],
        "n_places": [2, 9, 1, 30],
    })  # fmt: skip
    text = sentences.others(states, "site")
    assert text.startswith(
        "The other 9 sites are well: either no drops there can surely be avoided"
    )
    assert text.endswith("1 site drops over 1.5 times as many calls as a typical cell, and nothing "
                         "known would surely avoid them.")  # fmt: skip
    assert sentences.others(states, "cell").startswith("The 30 cells are well")
    assert sentences.others(states.iloc[:1], "site") == ""


def test_an_action_stands_with_its_cost_and_what_it_avoids_or_why_there_is_none() -> None:
    place = {
        **TREATED, "cost_amount": 40.0, "cost_currency": "EUR",
        "costs_invented": False, "action_reach": 0.6, "drops_per_cost": 0.0217,
        "drops_per_cost_lo": 0.0, "drops_per_cost_hi": 1234.4, "no_action_reason": None,
    }  # fmt: skip
    text = (
        "Best for its cost: add carrier, the sector of Leeds 21 facing 170 degrees, cells B1, B2; "
        "40 EUR: avoids 60 % of these drops"
    )
    each = "0.022 (0 to 1,234) a month for each unit of cost."
    assert sentences.best_action(place) == f"{text}, {each}"
    assert "40 EUR (invented)" in sentences.best_action(place | {"costs_invented": True})
    free = dict.fromkeys(("drops_per_cost", "drops_per_cost_lo", "drops_per_cost_hi"), math.nan)
    assert sentences.best_action(place | free) == f"{text}."
    none = {"action": None, "no_action_reason": "there are no drops to avoid"}
    assert sentences.best_action(none) == "No action named: there are no drops to avoid."
    assert not sentences.best_action({"action": None, "no_action_reason": None})
