"""Macros that analysts use in SQL of their own agree with the libraries behind our figures."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import h3
import numpy as np
import pytest
import shapely
from scipy.stats import binomtest, gamma

from analysis import cube
from contracts.tables import TABLES, assemble, to_arrow
from geo import hexgrid, regions
from ingest.warehouse.duck import empty_marts


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_marts() as connection:
        yield connection


def value(marts: duckdb.DuckDBPyConnection, sql: str, **params: Any) -> Any:
    row = marts.execute(f"select {sql}", params).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 100), (10, 10), (1, 1), (70_000, 9_000_000)])
def test_wilson_s_ends_are_those_of_scipy(marts: duckdb.DuckDBPyConnection, k: int, n: int) -> None:
    for z, level in (("", 0.9), (", z := 1.959963984540054", 0.95)):
        ends = [value(marts, f"wilson_{end}($k, $n{z})", k=k, n=n) for end in ("low", "high")]
        assert ends == pytest.approx(list(binomtest(k, n).proportion_ci(level, "wilson")), abs=1e-9)


@pytest.mark.parametrize("what", ["wilson_low", "wilson_high"])
def test_without_cases_a_rate_has_no_interval(marts: duckdb.DuckDBPyConnection, what: str) -> None:
    assert value(marts, f"{what}(0, 0)") is None
    assert value(marts, f"{what}(null, 9)") is None


@pytest.mark.parametrize("k", [1, 3, 20, 400])
def test_a_count_s_ends_are_nearly_the_exact_ones(marts: duckdb.DuckDBPyConnection, k: int) -> None:
    assert value(marts, "count_low($k)", k=k) == pytest.approx(
        gamma.ppf(0.05, k), rel=0.02, abs=0.02
    )
    assert value(marts, "count_high($k)", k=k) == pytest.approx(gamma.ppf(0.95, k + 1), rel=0.02)


def test_of_no_case_a_count_s_lower_end_is_zero(marts: duckdb.DuckDBPyConnection) -> None:
    assert value(marts, "count_low(0)") == 0
    assert value(marts, "count_low(null)") is None
    assert value(marts, "count_high(null)") is None


def test_a_score_and_its_error_are_those_of_the_answers(marts: duckdb.DuckDBPyConnection) -> None:
    answers = np.repeat([100.0, 0.0, -100.0], [30, 60, 10])
    assert value(marts, "nps(30, 10, 100)") == pytest.approx(answers.mean())
    assert value(marts, "nps_se(30, 10, 100)") == pytest.approx(answers.std() / 10)
    assert value(marts, "nps(0, 0, 0)") is None
    assert value(marts, "nps_se(0, 0, 0)") is None


def test_parents_and_texts_of_hexagons_are_those_of_h3(marts: duckdb.DuckDBPyConnection) -> None:
    draws = np.random.default_rng(20)
    for _ in range(40):
        lat, lon, level = draws.uniform(-89, 89), draws.uniform(-180, 180), draws.integers(0, 10)
        text = h3.latlng_to_cell(lat, lon, int(level))
        hex_id = int(text, 16)
        assert value(marts, "hex_text($h::ubigint)", h=hex_id) == text
        assert value(marts, "hex_of($t)", t=text) == hex_id
        coarse = int(draws.integers(0, level + 1))
        parent = int(h3.cell_to_parent(text, coarse), 16)
        assert value(marts, "hex_parent($h::ubigint, $l)", h=hex_id, l=coarse) == parent
        assert value(marts, "hex_parent($h::ubigint, $l)", h=hex_id, l=int(level) + 1) is None


def test_the_day_last_year_is_the_same_weekday(marts: duckdb.DuckDBPyConnection) -> None:
    monday = date(2026, 11, 16)
    assert value(marts, "last_year($d)", d=monday) == date(2025, 11, 17)


def test_every_macro_says_what_it_does(marts: duckdb.DuckDBPyConnection) -> None:
    said = marts.execute(
        "select function_name, comment from duckdb_functions() "
        "where not internal and function_type in ('macro', 'table_macro')"
    ).fetchall()
    assert {"wilson_low", "nps", "nps_se", "hex_parent", "in_hex", "last_year"} <= dict(said).keys()
    assert [name for name, comment in said if not comment] == []


def test_a_hexagon_s_outline_is_the_polygon_that_the_map_draws_the_date_line_too(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    hexes = hexgrid.hexes_of(lat=[53.8, -16.5], lon=[-1.5, 179.999], level=5)
    shapes = regions.outlines(hexes)
    rows = zip(hexes.tolist(), shapes.to_wkt(rounding_precision=6)["geometry"], strict=True)
    marts.executemany("insert into hex_outline values (?, ?)", list(rows))
    kinds = []
    for hex_id, shape in zip(hexes.tolist(), shapes.geometry, strict=True):
        drawn = shapely.from_wkt(value(marts, "hex_wkt($h)", h=hex_id))
        geometry = json.loads(value(marts, "hex_geojson($h)", h=hex_id))
        assert shapely.geometry.shape(geometry).equals_exact(drawn, 1e-9)
        assert drawn.symmetric_difference(shape).area < 1e-6
        kinds.append(geometry["type"])
    assert kinds == ["Polygon", "MultiPolygon"]
    assert value(marts, "hex_wkt(5)") is None
    assert value(marts, "hex_geojson(5)") is None


def test_rest_days_are_weekends_and_holidays_of_the_calendar() -> None:
    days = cube.calendar_days(
        date(2026, 3, 1), date(2026, 3, 31), weekend=["saturday", "sunday"], country="GB",
        subdivision="ENG",
    )  # fmt: skip
    assert len(days) == 365
    table = assemble([days], TABLES["calendar"])
    with empty_marts() as marts:
        marts.register("days", to_arrow(table, TABLES["calendar"]))
        marts.execute("insert into calendar by name from days")
        assert value(marts, "is_rest_day(date '2026-12-25')") is True
        assert value(marts, "is_rest_day(date '2026-03-07')") is True
        assert value(marts, "is_rest_day(date '2026-03-09')") is False
        assert value(marts, "is_rest_day(date '2027-01-01')") is None
    new_year = days.iloc[0]
    assert (new_year["iso_year"], new_year["iso_week"], new_year["weekday"]) == (2026, 1, 4)
    assert new_year["holiday"] == "New Year's Day"
    assert new_year["last_year_day"] == date(2025, 1, 2)


@pytest.mark.parametrize(
    ("one", "asked", "is_it"),
    [("lte", "lte|nr", True), ("gsm", "lte|nr", False), (None, "lte", False), ("lt", "lte", False),
     ("lte", None, True), (None, None, True)],
)  # fmt: skip
def test_a_value_is_asked_for_by_itself_among_others_or_where_nothing_is(
    marts: duckdb.DuckDBPyConnection, one: str | None, asked: str | None, is_it: bool
) -> None:
    assert value(marts, "is_asked($one, $asked)", one=one, asked=asked) is is_it
