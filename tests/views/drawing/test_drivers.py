from typing import Any

import pandas as pd

from tests.bench.town_association import associations
from views.drawing import drivers
from views.words.looks import Look
from views.words.numbers import rows


def named() -> pd.DataFrame:
    worse = associations()["outcome_class"] != "promoters"
    return associations().assign(kpi_name="Drop rate", is_worse=worse)


def drawn(chart: Any, column: str) -> list[dict[str, Any]]:
    return [row for data in chart.to_dict()["datasets"].values() for row in data if column in row]


def test_what_survives_stands_out_and_what_is_not_known_has_no_field() -> None:
    fields = {
        (row["outcome_class"], row["lag_months"]): row
        for row in drawn(drivers.heat(named()), "strength")
    }
    assert len(fields) == 9
    assert fields["network", 1]["tone"] == "worse"
    assert fields["promoters", 0]["tone"] == "better, bills too"
    assert fields["network", 0]["tone"] == "not sure"
    strengths = [
        fields[key]["strength"] for key in (("network", 1), ("promoters", 0), ("network", 0))
    ]
    assert strengths == sorted(strengths, reverse=True)


def test_a_click_names_one_relation() -> None:
    (choice,) = drivers.heat(named()).to_dict()["params"]
    assert choice["name"] == drivers.PICKED
    assert choice["select"]["fields"] == ["kpi", "metric", "outcome_class", "lag_months"]


def test_the_control_stands_beside_each_lag() -> None:
    frame = named()
    mine, control = (frame[frame["outcome_class"] == name] for name in ("network", "account"))
    points = drawn(drivers.lags(mine, control, next(iter(rows(mine)))), "of")
    assert [point["of"] for point in points].count("the control") == 3
    alone = drawn(drivers.lags(mine, control.iloc[:0], next(iter(rows(mine)))), "of")
    assert {point["of"] for point in alone} == {"it"}


def test_places_are_dots_with_their_intervals_in_words() -> None:
    places = pd.DataFrame(
        {
            "hex_text": ["a", "b"],
            "kpi_value": [0.01, 0.02],
            "value": [3.0, 5.0],
            "value_lo": [2.0, 4.0],
            "value_hi": [9.0, 6.5],
            "denominator": [100.0, 900.0],
            "n_months": [3, 4],
        }
    )
    kpi, outcome = Look("drop_rate", "Drop rate", "share"), Look("c", "Complaints", "plain")
    dots = drawn(drivers.scatter(places, kpi, outcome), "x_said")
    assert [dot["between"] for dot in dots] == ["2.0 to 9.0", "4.0 to 6.5"]
    assert dots[0]["x_said"] == "1.00 %"
