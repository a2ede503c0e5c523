"""Complaints, NPS and reports: one person once, honest exposure, small counts kept in."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.places import subscribers
from analysis.priority.reports import rank_reports
from analysis.rates import call_reports, nps
from analysis.rates.complaints import complaint_rates, rates_and_parts
from contracts.settings.sections import Privacy, Targets
from contracts.tables import TABLES, assemble
from geo import hexgrid
from ingest.privacy.once import Leaving

(HERE,) = hexgrid.hexes_of(lat=[53.80], lon=[-1.55], level=9)
(THERE,) = hexgrid.hexes_of(lat=[53.90], lon=[-1.55], level=9)
LEVEL = 7
PLACE, OTHER = hexgrid.parents([HERE, THERE], level=LEVEL)
RULE = Privacy()
REGIONS = pd.Series({PLACE: "North", OTHER: "North"})
HOW: dict[str, Any] = {
    "regions": REGIONS, "level": LEVEL, "rule": RULE, "targets": Targets(),
}  # fmt: skip
JUNE = pd.Timestamp("2026-06-01")


def _complaints(n: int, **changes: object) -> pd.DataFrame:
    days = pd.date_range("2026-06-01", "2026-06-30", periods=n, tz="UTC")
    base = {
        "complaint_id": [f"c{i}" for i in range(n)], "person_key": [f"p{i}" for i in range(n)],
        "created_utc": days, "complaint_class": "network", "hex_id": [HERE] * n,
        "time_grain": "instant", "weight": 1.0,
    }  # fmt: skip
    rows = pd.DataFrame({**base, **changes}).astype({"hex_id": "UInt64"})
    return rows.assign(day_local=rows["created_utc"].dt.date)


EXPOSURE = pd.DataFrame({"hex_id": [PLACE, OTHER], "period_start": JUNE, "n": [2000.0, 900.0]})


def _all_rates(complaints: pd.DataFrame, exposure: pd.DataFrame = EXPOSURE) -> pd.DataFrame:
    return complaint_rates(complaints, exposure, metric="complaints_per_1000", **HOW)


def _rates(complaints: pd.DataFrame, exposure: pd.DataFrame = EXPOSURE) -> pd.DataFrame:
    """Monthly rates of the finest hexagons alone."""
    found = _all_rates(complaints, exposure)
    return found[found["level"] == LEVEL].set_index("hex_id")


def test_a_rate_is_per_1000_subscribers_and_a_place_without_complaints_has_zero() -> None:
    found = _rates(_complaints(20))
    assert found.loc[PLACE, "value_raw"] == pytest.approx(10)
    assert found.loc[PLACE, "value_lo"] < 10 < found.loc[PLACE, "value_hi"]
    assert found.loc[OTHER, "value_raw"] == 0
    # the surroundings say that nothing at all is not to be expected for ever
    assert 0 < found.loc[OTHER, "value"] < found.loc[OTHER, "value_hi"]


def test_a_person_who_calls_again_counts_once() -> None:
    found = _rates(_complaints(20, person_key=["same"] * 10 + [f"p{i}" for i in range(10)]))
    assert found.loc[PLACE, "numerator"] == 11


def test_one_to_four_complainants_and_too_few_residents_do_not_leave() -> None:
    found = _rates(_complaints(4))
    assert found.loc[PLACE, "shown"] == "few"
    assert np.isnan(found.loc[PLACE, "value"])
    assert found.loc[PLACE, "denominator"] == 2000
    hidden = _rates(_complaints(20), EXPOSURE.assign(n=15.0))
    assert hidden["shown"].tolist() == ["hidden", "hidden"]
    assert hidden[["numerator", "denominator", "value"]].isna().all(axis=None)


def test_days_and_hexagons_add_up_to_their_region() -> None:
    hexes = [HERE] * 30 + [THERE] * 20
    # everybody comes back, a week later and somewhere else
    twice = pd.concat([_complaints(50, hex_id=hexes), _complaints(50, hex_id=hexes[::-1])])
    twice["complaint_id"] = [f"c{i}" for i in range(100)]
    twice["created_utc"] += np.repeat(pd.to_timedelta([0, 7], "D"), 50)
    twice["day_local"] = twice["created_utc"].dt.date
    found = _all_rates(twice[twice["created_utc"] < "2026-07-01"])
    monthly = found[found["period_grain"] == "month"]
    months = monthly.set_index("place_type")["numerator"]
    month = months["network"]
    days = found[(found["place_type"] == "network") & (found["period_grain"] == "day")]
    assert month == months["region"] == 50
    assert len(days) == 30
    assert days["numerator"].isna().any()
    for level in (5, 6, LEVEL):
        assert found.loc[found["level"] == level, "numerator"].sum() == month
    finest = found[found["level"] == LEVEL].set_index("hex_id")["numerator"]
    assert finest.to_dict() == {PLACE: 30, OTHER: 20}


def test_a_day_s_rate_is_per_month_like_the_others() -> None:
    each_day = pd.date_range("2026-06-01", "2026-06-30", freq="D", tz="UTC").repeat(20)
    found = _all_rates(_complaints(600, created_utc=each_day))
    network = found[found["place_type"] == "network"]
    assert network["period_grain"].value_counts().to_dict() == {"day": 30, "month": 1}
    assert network["value_raw"].to_numpy() == pytest.approx(1000 * 600 / 2900)
    assert network["value"].to_numpy() == pytest.approx(1000 * 600 / 2900, rel=1e-3)
    assert (network["denominator"] == 2900).all()


def test_complaints_known_to_the_month_have_no_days() -> None:
    found = _all_rates(_complaints(20, time_grain="month"))
    assert set(found["period_grain"]) == {"month"}


def test_without_regions_there_are_hexagons_only() -> None:
    how = HOW | {"regions": pd.Series(dtype="str")}
    found = complaint_rates(_complaints(20), EXPOSURE, metric="complaints_per_1000", **how)
    assert set(found["place_type"]) == {"hex", "network"}


def test_a_month_without_a_complaint_file_has_no_rate() -> None:
    july = EXPOSURE.assign(period_start=pd.Timestamp("2026-07-01"))
    found = _rates(_complaints(20), pd.concat([EXPOSURE, july]))
    assert set(found["period_start"]) == {JUNE}


def test_subscribers_come_from_hexagons_or_else_from_cells() -> None:
    here = hexgrid.as_text([HERE])[0]
    base = pd.DataFrame(
        [
            ("hex", here, "2026-06-15", 100),
            ("cell", "a", "2026-06-01", 7),
            ("cell", "a", "2026-07-01", 50),
        ],
        columns=["place_type", "place_id", "month", "n_active_subscribers"],
    )
    weights = pd.DataFrame(
        {"cell_id": "a", "hex_id": [HERE, THERE], "level": 9, "weight": [0.4, 0.6]}
    )
    found = subscribers.subscribers(base, weights, level=LEVEL).set_index(
        ["period_start", "hex_id"]
    )
    july = pd.Timestamp("2026-07-01")
    assert found["n"].to_dict() == {(JUNE, PLACE): 100, (july, PLACE): 20, (july, OTHER): 30}


def test_a_base_by_region_alone_gives_no_rate() -> None:
    base = pd.DataFrame(
        [("region", "North", "2026-06-01", 100)],
        columns=["place_type", "place_id", "month", "n_active_subscribers"],
    )
    weights = pd.DataFrame({"cell_id": ["a"], "hex_id": [HERE], "level": 9, "weight": 1.0})
    exposure = subscribers.subscribers(base, weights, level=LEVEL)
    assert exposure.empty
    assert _rates(_complaints(20), exposure).empty


def test_complaints_that_mostly_have_no_position_give_no_rate() -> None:
    assert _rates(_complaints(20, hex_id=[HERE] * 9 + [None] * 11)).empty


def test_no_complaint_at_all_gives_no_rate_and_no_crash() -> None:
    assert _all_rates(_complaints(0)).empty


def _answers(scores: list[int], **changes: object) -> pd.DataFrame:
    n = len(scores)
    return pd.DataFrame({
        "response_id": [f"r{i:03}" for i in range(n)], "person_key": [f"p{i}" for i in range(n)],
        "survey_type": "relationship", "score": scores, "survey_weight": 1.0,
        "day_local": pd.date_range("2026-06-01", "2026-06-30", periods=n).date,
        "hex_id": [HERE] * n, **changes,
    }).astype({"hex_id": "UInt64"})  # fmt: skip


def _nps(answers: pd.DataFrame) -> pd.DataFrame:
    found = nps.nps(answers, **HOW)
    return found[found["level"] == LEVEL].reset_index(drop=True)


def test_nps_is_promoters_minus_detractors() -> None:
    (row,) = _nps(_answers([10] * 20 + [8] * 10 + [6] * 10)).to_dict("records")
    assert row["value_raw"] == pytest.approx(25)
    assert (row["promoter_share"], row["detractor_share"]) == (0.5, 0.25)
    assert row["value_lo"] < row["value"] < row["value_hi"]


def test_survey_types_are_never_pooled_and_few_answers_show_nothing() -> None:
    found = _nps(_answers([10] * 60, survey_type=["relationship"] * 40 + ["transactional"] * 20))
    assert found["outcome_class"].tolist() == ["relationship", "transactional"]
    assert found["value"].isna().tolist() == [False, True]


def test_a_person_of_two_waves_is_one_witness_and_counts_less() -> None:
    people = [f"p{i // 2}" for i in range(80)]
    twice = _answers([10, 0] * 40, person_key=people)
    (row,) = _nps(twice).to_dict("records")
    assert (row["denominator"], row["n_effective"]) == (80, 40)
    few = _answers([10, 0] * 20, person_key=people[:40])
    assert _nps(few).empty
    known = nps.nps(few, **HOW, known=[PLACE, OTHER])
    assert known.loc[known["level"] == LEVEL, "shown"].tolist() == ["hidden", "hidden"]


def test_answers_without_a_place_or_a_month_give_no_figure_and_no_crash() -> None:
    assert _nps(_answers([10] * 40, hex_id=[None] * 40)).empty
    day = pd.date_range("2026-06-01", "2026-06-02", periods=40).date
    assert _nps(_answers([10] * 40, day_local=day)).empty


def _by_cell(n: int, here: float, who: str = "p") -> pd.DataFrame:
    """Complaints known by a cell that serves both places, `here` and the rest there."""
    names = [f"{who}{i}" for i in range(n)]
    both = {"person_key": names, "complaint_id": names}
    return pd.concat([
        _complaints(n, weight=here, **both),
        _complaints(n, weight=1 - here, hex_id=[THERE] * n, **both),
    ])  # fmt: skip


def test_a_complaint_known_by_its_cell_counts_in_parts_and_once_altogether() -> None:
    found = _all_rates(pd.concat([_by_cell(40, 0.75), _by_cell(20, 0.25, who="q")]))
    finest = found[found["level"] == LEVEL].set_index("hex_id")
    assert finest["numerator"].to_dict() == {PLACE: 35, OTHER: 25}
    region = found[(found["place_type"] == "region") & (found["period_grain"] == "month")]
    assert region["numerator"].tolist() == [60]


def test_where_nobody_surely_complained_nothing_is_published() -> None:
    found = _all_rates(_by_cell(40, 0.75))
    finest = found[found["level"] == LEVEL].set_index("hex_id")
    assert finest.loc[OTHER, "shown"] == "hidden"


def test_parts_of_complaints_are_never_shown_as_few() -> None:
    found = _all_rates(_by_cell(4, 0.5))
    assert set(found["shown"]) <= {"hidden", "shown"}
    assert found.loc[found["shown"] == "shown", "numerator"].eq(0).all()


def _reports(spots: list[int], outcomes: list[str]) -> pd.DataFrame:
    lat = 53.80 + np.array(spots) * 0.002
    return pd.DataFrame({
        "subscriber_id": pd.Series([None] * len(spots), dtype="str"), "outcome": outcomes,
        "rating_1to5": [1 if o == "drop" else 4 for o in outcomes], "lat": lat, "lon": -1.55,
        "start_utc": pd.Timestamp("2026-06-01", tz="UTC"),
        "hex_id": hexgrid.hexes_of(lat=lat, lon=np.full(len(spots), -1.55), level=9),
    }).astype({"hex_id": "UInt64"})  # fmt: skip


def _calls(reports: pd.DataFrame, kind: str = "hex") -> pd.DataFrame:
    how = {**HOW, "level": 5, "regions": pd.Series(dtype="str"), "zone": "UTC"}
    del how["targets"]
    found = call_reports.call_reports(reports, **how).set_index("metric")
    return found[found["place_type"] == kind]


def test_reports_give_a_share_and_a_mean() -> None:
    found = _calls(_reports(list(range(20)), ["drop"] * 5 + ["success"] * 15))
    assert found.loc["call_drop_rate", "value"] == 0.25
    assert found.loc["rating_mean", "value"] == pytest.approx((5 * 1 + 15 * 4) / 20)


def test_many_reports_from_one_spot_are_one_witness() -> None:
    assert _calls(_reports([0] * 100, ["drop"] * 100)).empty
    one = _calls(_reports([0] * 100, ["drop"] * 100), "network")
    assert one["shown"].tolist() == ["hidden", "hidden"]
    spots = [i % 12 for i in range(120)]
    alike = _calls(_reports(spots, ["drop" if s < 4 else "success" for s in spots]))
    assert alike.loc["call_drop_rate", "n_effective"] < 20
    rng = np.random.default_rng(5)
    free = _calls(_reports(spots, list(rng.choice(["drop", "success"], 120))))
    assert free.loc["call_drop_rate", "n_effective"] > 60


def _ranked(reports: pd.DataFrame) -> pd.DataFrame:
    return rank_reports(reports, assemble([], TABLES["change_point"]), zone="UTC")


def test_what_is_not_released_is_not_ranked() -> None:
    shown = _calls(_reports(list(range(20)), ["drop"] * 5 + ["success"] * 15)).reset_index()
    reports = shown[shown["metric"] == "call_drop_rate"].assign(region="North", lat=53.8, lon=-1.55)
    ranked = _ranked(pd.concat([reports, reports.assign(shown="hidden")]))
    assert len(ranked) == 1
    assert "no cause can be named" in ranked["seen"][0]
    assert _ranked(reports.assign(shown="hidden")).empty


def _leaving(until: str, *left: pd.DataFrame) -> Leaving:
    """What may leave up to a day; `left`: rates and parts that left before."""
    names = ("place_rate", "rate_part")
    tables = [assemble([rows], TABLES[name]) for name, rows in zip(names, left, strict=False)]
    for rows in tables:
        # as the warehouse gives dates
        for name in ("period_start", "period_end"):
            rows[name] = pd.to_datetime(rows[name]).dt.date
    return Leaving(pd.Timestamp(until), *tables)


def _steady(n: int, first: str, last: str, seed: int) -> pd.DataFrame:
    """Complaints of two places on every day, some in a region that is named."""
    rng, days = np.random.default_rng(seed), pd.date_range(first, last, freq="D", tz="UTC")
    made = _complaints(n)
    ids = [f"{first} {seed} {number}" for number in range(n)]
    created = days[rng.integers(0, len(days), n)]
    rows = made.assign(complaint_id=ids, person_key=ids, created_utc=created)
    rows["hex_id"] = pd.array(rng.choice([HERE, THERE], n, p=[0.9, 0.1]), dtype="UInt64")
    return rows.assign(
        day_local=rows["created_utc"].dt.date, complaint_type="congestion_time",
        channel=rng.choice(["app", "store"], n),
    )  # fmt: skip


def test_what_has_left_stays_and_one_more_day_adds_one_day() -> None:
    regions = pd.Series({PLACE: "North", OTHER: "South"})
    july = JUNE + pd.offsets.MonthBegin()
    exposure = pd.concat([EXPOSURE, EXPOSURE.assign(period_start=july)])
    how = {**HOW, "regions": regions, "metric": "complaints_per_1000"}
    june, july_rows = (_steady(600, "2026-06-01", "2026-06-30", 1),
                       _steady(400, "2026-07-01", "2026-07-20", 2))  # fmt: skip
    late = _steady(30, "2026-06-01", "2026-07-10", 3)
    early = pd.concat([june, july_rows])
    one, parts = rates_and_parts(early, exposure, leaving=_leaving("2026-07-17"), **how)
    again = _leaving("2026-07-18", one, parts)
    two, parts_again = rates_and_parts(pd.concat([early, late]), exposure, leaving=again, **how)
    of_parts = ["split", "place_type", "region", "part", "period_start"]
    pd.testing.assert_frame_equal(
        *(x.sort_values(of_parts, ignore_index=True)[[*of_parts, "numerator", "shown"]]
          for x in (parts, parts_again)),
    )  # fmt: skip
    key = ["place_type", "level", "hex_id", "region", "outcome_class", "period_grain",
           "period_start"]  # fmt: skip
    both = one.merge(two, on=key, suffixes=("", "_two"), how="left")
    assert len(both) == len(one)
    assert (both["shown"] == both["shown_two"]).all()
    for name in ("numerator", "denominator"):
        pd.testing.assert_series_equal(both[name], both[f"{name}_two"], check_names=False)
    added = two.merge(one[key], "left", key, indicator="_")
    added = added[added["_"] == "left_only"]
    assert set(added["period_start"]) == {pd.Timestamp("2026-07-18")}
    assert set(one.loc[one["place_type"] == "hex", "period_start"]) == {JUNE}
    named = one[(one["place_type"] == "region") & (one["period_grain"] == "day")]
    # of ten a day in June, North has days in July
    shown = named[named["shown"] == "shown"]
    assert set(shown["region"]) == {"North"}
    assert (shown["period_start"] >= july).all()
    anew = complaint_rates(
        pd.concat([early, late]), exposure, leaving=_leaving("2026-07-18"), **how
    )
    month = two.loc[
        (two["place_type"] == "network") & (two["period_grain"] == "month"), "numerator"
    ]
    grown = anew.loc[
        (anew["place_type"] == "network") & (anew["period_grain"] == "month"), "numerator"
    ]
    assert month.iloc[0] < grown.iloc[0]


def test_parts_leave_by_network_and_region_and_add_up() -> None:
    complaints = _steady(600, "2026-06-01", "2026-06-30", 1)
    complaints["complaint_type"] = ["congestion_time"] * 400 + ["call_drop"] * 197 + ["outage"] * 3
    how = {**HOW, "metric": "complaints_per_1000", "targets": Targets()}
    _, splits = rates_and_parts(complaints, EXPOSURE, **how)
    types = splits[(splits["split"] == "complaint_type") & (splits["place_type"] == "network")]
    known = types.set_index("part")["numerator"]
    # three outages stay, and the next smallest with them
    assert known["congestion_time"] == 400
    assert np.isnan(known["outage"])
    assert np.isnan(known["call_drop"])
    assert known["sms_fail"] == 0
    channels = splits[(splits["split"] == "channel") & (splits["place_type"] == "network")]
    assert channels["numerator"].sum() == 600
    assert set(splits["place_type"]) == {"network", "region"}


def test_a_public_set_is_shown_as_it_is() -> None:
    how = {**HOW, "metric": "complaints_per_1000"}
    found = complaint_rates(_complaints(4), EXPOSURE, leaving=Leaving(has_persons=False), **how)
    assert set(found["shown"]) == {"shown"}
    assert found.loc[found["level"] == LEVEL, "numerator"].tolist() == [4, 0]


def test_operators_are_compared_and_the_network_holds_all_reports() -> None:
    spots = list(range(60))
    reports = _reports(spots, ["drop"] * 20 + ["success"] * 40)
    reports["operator"] = ["A"] * 34 + ["B"] * 24 + ["C"] * 2
    reports.loc[reports.index[:5], ["lat", "lon", "hex_id"]] = None
    how = {**HOW, "level": 5, "regions": pd.Series(dtype="str"), "zone": "UTC"}
    del how["targets"]
    rows = call_reports.operators(reports, **how)
    drops = rows[rows["metric"] == "call_drop_rate"].set_index("part")
    assert set(drops.index) == {"A", "B", "other"}
    # other holds too few, and the next smallest hides with it
    assert drops["shown"].to_dict() == {"A": "shown", "B": "hidden", "other": "hidden"}
    assert drops.loc["A", "value"] == pytest.approx(20 / 34)
    network = _calls(reports, "network")
    assert network.loc["call_drop_rate", "denominator"] == 60
