"""Steps, ramps and kinks come back; the search is exact; noise alone is no change."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import ruptures

from analysis.arrays import Floats
from analysis.changes import segments


def ar1(rng: np.random.Generator, n_series: int, n: int, phi: float) -> Floats:
    noise = rng.normal(size=(n_series, n))
    for t in range(1, n):
        noise[:, t] += phi * noise[:, t - 1]
    return noise


def least_cost(cost: segments.MeanOrLine, n: int, penalty: float, least: int) -> float:
    """Returns the cost of the best segmentation by the plain dynamic programme, pair by pair."""
    best = np.full(n + 1, np.inf)
    best[0] = -penalty
    for end in range(least, n + 1):
        best[end] = min(
            best[start] + cost.error(start, end) + penalty for start in range(end - least + 1)
        )
    return float(best[-1])


@pytest.mark.parametrize("least", [2, 5, 9])
@pytest.mark.parametrize("seed", range(8))
def test_no_segmentation_costs_less_than_those_found(seed: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    n, penalty = 45 + seed, 2.0
    cost = segments.MeanOrLine().fit(np.cumsum(rng.normal(size=n)) + 3 * (np.arange(n) > 20))
    own = segments.starts_of(cost.errors, 1, n, penalty=penalty, least=least)[0]
    theirs = segments.ruptures_starts(cost, n, penalty=penalty, least=least)
    assert own == theirs
    edges = [0, *own, n]
    assert min(np.diff(edges)) >= least
    total = sum(cost.error(a, b) for a, b in pairwise(edges)) + penalty * len(own)
    assert total == pytest.approx(least_cost(cost, n, penalty, least))


def test_a_segment_costs_the_squares_about_its_mean_or_line() -> None:
    rng = np.random.default_rng(1)
    signal = rng.normal(size=40) + np.where(np.arange(40) > 20, 0.9 * np.arange(40), 0)
    cost = segments.MeanOrLine().fit(signal)
    for start, end in ((0, 20), (3, 40), (22, 40), (7, 9)):
        part, at = signal[start:end], np.arange(start, end)
        about_line = ((part - np.polyval(np.polyfit(at, part, 1), at)) ** 2).sum()
        least = min(((part - part.mean()) ** 2).sum(), about_line + 3 * np.log(40))
        assert cost.error(start, end) == pytest.approx(least)


def test_the_short_way_is_that_of_ruptures_own_exact_search() -> None:
    rng = np.random.default_rng(2)
    signal = rng.normal(size=60) + 4 * (np.arange(60) >= 33) - 6 * (np.arange(60) >= 47)
    cost = segments.MeanOrLine().fit(signal)
    starts = segments.ruptures_starts(cost, 60, penalty=15.0, least=5)
    exact = ruptures.Dynp(custom_cost=cost, min_size=5, jump=1).fit(signal)
    assert starts == exact.predict(n_bkps=len(starts))[:-1] == [33, 47]


@pytest.mark.parametrize("n", [60, 400])
@pytest.mark.parametrize("noise", ["white", "ar1"])
def test_steps_come_back_on_their_point(n: int, noise: segments.Noise) -> None:
    rng = np.random.default_rng(n)
    at = np.arange(n)
    series = rng.normal(size=n) + 9 * (at >= n // 3) - 6 * (at >= n // 2)
    assert segments.segment(series, noise=noise) == [n // 3, n // 2]
    assert segments.segment(1e6 - 1e-3 * series, noise=noise) == [n // 3, n // 2]


def test_a_steady_slope_is_one_segment_and_a_kink_two() -> None:
    rng = np.random.default_rng(3)
    at, noise = np.arange(200), rng.normal(size=200)
    assert segments.segment(0.2 * at + noise) == []
    (kink,) = segments.segment(0.5 * np.abs(at - 120) + noise)
    assert abs(kink - 120) <= 5


def test_gaps_are_bridged_and_hide_no_step() -> None:
    rng = np.random.default_rng(4)
    series = rng.normal(size=80) + 8 * (np.arange(80) >= 40)
    series[[0, 3, 17, 18, 60, 79]] = np.nan
    assert segments.segment(series) == [40]


@pytest.mark.parametrize(
    "series", [[], [1.0] * 50, [np.nan] * 30, [1.0, 2.0, 9.0], np.full(40, 1e9)], ids=str
)
def test_where_nothing_can_change_nothing_is_found(series: npt.ArrayLike) -> None:
    assert segments.segment(series) == []


def test_many_at_once_say_what_each_says_alone() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(30, 70)) + 5 * rng.normal(size=(30, 1)) * (np.arange(70) >= 31)
    rows[3], rows[4], rows[5, 10:20] = 7.0, np.nan, np.nan
    for noise in ("white", "ar1"):
        together = segments.segment_many(rows, noise=noise)
        assert together == [segments.segment(row, noise=noise) for row in rows]
        assert sum(map(len, together)) > 10
    assert segments.segment_many(rows[:, :6]) == [[]] * 30
    with pytest.raises(ValueError, match=r"shape \(70,\); make it \(series, time\)"):
        segments.segment_many(rows[0])


def test_what_is_no_series_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 3\)"):
        segments.segment(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="finite numbers or NaN"):
        segments.segment([1.0, np.inf, 2.0])


@pytest.mark.parametrize(
    ("phi", "noise", "most"),
    [(0.0, "white", 0.02), (0.0, "ar1", 0.02), (0.3, "white", 0.05), (0.6, "ar1", 0.05)],
)
def test_noise_alone_hardly_ever_alarms(phi: float, noise: segments.Noise, most: float) -> None:
    rows = ar1(np.random.default_rng(6), 100, 720, phi)
    alarms = np.mean([len(found) > 0 for found in segments.segment_many(rows, noise=noise)])
    assert alarms <= most
