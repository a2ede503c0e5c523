"""What treating a cell would spare: the arithmetic, its draws, and planted truth."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.attribution import search
from analysis.attribution.levers import LADDER, Levers, aligned
from analysis.benefit import spared, tables
from analysis.benefit.gain import gain_of_cells
from analysis.benefit.present import Present
from analysis.benefit.spared import Treatable
from analysis.uncertainty import draws
from analysis.uncertainty.draws import CORRELATION, N_DRAWS
from ingest.synth.radio.network import Network, invent_network
from tests.bench.networks import cube_of


def _levers(relieved: float = 0.8, fixed: float = 0.5, names: tuple[str, ...] = ("a",)) -> Levers:
    """Cells whose drops fall evenly to `relieved` at half the load, and to `fixed` if fixed."""
    n = len(names)
    steps = np.interp(LADDER, [0, 0.5], [1, relieved])[None, :, None]
    return Levers(
        np.array(names, object),
        np.full(n, np.datetime64("2026-06-01")),
        np.broadcast_to(steps, (n, len(LADDER), N_DRAWS)).astype(np.float32),
        np.full((n, N_DRAWS), fixed, np.float32),
        np.zeros((n, len(LADDER)), bool),
        np.full(n, "", object),
        np.zeros(n),
        np.ones(n),
    )


def _thousand(**levers: float) -> Treatable:
    return Treatable(_levers(**levers), np.full((1, N_DRAWS), 1000.0))


def test_relief_spares_what_the_curve_says_and_straight_between_its_steps() -> None:
    cells = _thousand()
    assert spared.of_relief(cells, 0.5)[0, 0] == pytest.approx(200)
    assert spared.of_relief(cells, 0.25)[0, 0] == pytest.approx(100)
    assert spared.of_relief(cells, [0.0])[0, 0] == 0
    # no curve reaches beyond half
    assert spared.of_relief(cells, 0.9)[0, 0] == pytest.approx(200)


def test_relief_and_fix_together_spare_less_than_their_sum_and_parts_add_up() -> None:
    cells = _thousand()
    both = spared.of_both(cells, 0.5)[0, 0]
    assert spared.of_undoing(cells)[0, 0] == pytest.approx(500)
    assert spared.of_undoing(cells, 0.5)[0, 0] == pytest.approx(250)
    assert both == pytest.approx(1000 * (1 - 0.8 * 0.5))
    by_load, by_other = spared.shares_of_both(cells.levers, 0.5)
    assert 1000 * (by_load + by_other)[0, 0] == pytest.approx(both)
    assert by_load[0, 0] == pytest.approx((0.2 + 0.1) / 2)


def test_a_level_is_scaled_to_thirty_days_and_scatters_as_its_noise_says() -> None:
    levers = _levers(names=tuple(f"c{i}" for i in range(100)))
    counted, ten, noise = np.full(100, 400.0), np.full(100, 10.0), np.full(100, 4.0)
    cells = spared.treatable(levers, Present(counted, ten, noise))
    assert cells.drops_month.mean() == pytest.approx(1200, rel=0.01)
    # variance of the count is 4 x 400, of the month's nine times that
    assert cells.drops_month.std() == pytest.approx(3 * 40, rel=0.05)
    none = spared.treatable(levers, Present(counted, 0 * ten, noise))
    assert np.isnan(none.drops_month).all()


def test_luck_since_a_change_is_no_benefit_anywhere() -> None:
    present = Present(np.array([1400.0]), np.array([28.0]), np.ones(1))
    plain = _levers()
    lucky = replace(plain, expected_over_counted=np.array([0.8]))
    was, now = (spared.treatable(levers, present) for levers in (plain, lucky))
    assert now.drops_month == pytest.approx(0.8 * was.drops_month)
    gain = gain_of_cells(now, present, 0.5)
    assert gain.expected[0] == pytest.approx(0.8 * 1500 * (1 - 0.8 * 0.5))
    assert gain.drops.mean() == pytest.approx(gain.expected[0], rel=0.02)
    ladder = tables.what_if(now, present, {}, np.array([np.nan])).set_index("relief_pct")
    assert ladder.loc[50, "drops_avoided_month"] == pytest.approx(0.8 * 1500 * 0.2)


def test_a_cells_draws_hang_on_its_name_alone() -> None:
    drops, days = np.array([50.0, 80.0]), np.array([28.0, 28.0])
    both = spared.treatable(_levers(names=("a", "b")), Present(drops, days, np.ones(2)))
    back = spared.treatable(_levers(names=("b", "a")), Present(drops[::-1], days, np.ones(2)))
    assert (both.drops_month == back.drops_month[::-1]).all()
    assert (both.drops_month[0] != both.drops_month[1]).all()


def test_errors_of_cells_correlate_and_each_keeps_its_own_draws() -> None:
    n, names = 200, tuple(f"c{i}" for i in range(200))
    present = Present(np.full(n, 400.0), np.full(n, 28.0), np.full(n, 4.0))
    drawn = np.random.default_rng(1).uniform(0.4, 0.9, (n, N_DRAWS)).astype(np.float32)
    drawn[0] = np.nan
    levers = replace(_levers(names=names), without_other=drawn)
    levers = replace(levers, relieved=np.repeat(drawn[:, None], len(LADDER), axis=1))
    cells = spared.treatable(levers, present)
    between = np.corrcoef(spared.of_both(cells, 0.3)[1:])[~np.eye(n - 1, dtype=bool)]
    assert between.mean() == pytest.approx(CORRELATION, abs=0.02)
    assert (np.sort(cells.levers.without_other[1:]) == np.sort(drawn[1:])).all()
    # what was drawn together stays together
    assert (cells.levers.relieved[1:] == cells.levers.without_other[1:, None]).all()
    assert np.isnan(cells.levers.without_other[0]).all()
    assert not np.isnan(cells.drops_month).any()


def test_of_cells_that_could_not_be_judged_the_reason_stays() -> None:
    known = aligned(_levers(names=("b",)), np.array(["a", "b"], object), "no hours")
    assert known.cell_id.tolist() == ["a", "b"]
    assert known.why_not.tolist() == ["no hours", ""]
    assert np.isnan(known.relieved[0]).all()
    assert not np.isnan(known.relieved[1]).any()
    low, high = draws.interval(known.without_other.astype(float))
    assert np.isnan(low[0])
    assert high[1] == pytest.approx(0.5)


# --- planted truth ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted() -> Network:
    """Sixty cells: some near their harm, some with faults that last."""
    causes = {"load_step": 8, "hardware_fault": 8, "passing_fault": 4}
    return invent_network(np.random.default_rng(5), n_cells=60, causes=causes)


@pytest.fixture(scope="module")
def levers(planted: Network) -> Levers:
    """What the search says of treating them."""
    cube = cube_of(planted)
    return search.search(cube, search.learn_prior(cube)).levers


def test_factors_are_near_the_planted_ones(planted: Network, levers: Levers) -> None:
    truth = planted.avoidable
    true = (truth["relieved_30"] / truth["drops_month"]).to_numpy()
    factors = levers.relieved[:, 3].mean(axis=1)
    assert levers.cell_id.tolist() == truth["cell_id"].tolist()
    assert np.corrcoef(factors, true)[0, 1] > 0.8
    assert abs(factors.mean() - true.mean()) < 0.05
    fixed = levers.without_other.mean(axis=1) - (truth["fixed"] / truth["drops_month"]).to_numpy()
    assert np.abs(fixed).mean() < 0.05


def test_a_fault_that_passed_is_nothing_to_fix(planted: Network, levers: Levers) -> None:
    kinds = planted.truth.set_index("cell_id")["kind"]
    over = [n for n in levers.cell_id if "passing_fault_over" in set(kinds.get([n], []))]
    fixed = levers.without_other[np.isin(levers.cell_id, over)]
    assert len(over) >= 3
    assert (fixed.mean(axis=1) > 0.9).all()


def test_a_level_begins_after_the_last_change(planted: Network, levers: Levers) -> None:
    truth = planted.truth[planted.truth["kind"] == "hardware_fault"].set_index("cell_id")
    newest = planted.clock.days[-28].tz_localize(None).to_datetime64().astype("datetime64[D]")
    begun = truth["start_utc"].dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    since = levers.present_since[[list(levers.cell_id).index(name) for name in truth.index]]
    late = begun > newest
    assert late.any()
    assert np.abs((since - begun)[late].astype(int)).max() <= 3
    assert (since >= newest).all()


def test_only_levels_that_began_with_a_change_hold_luck(levers: Levers) -> None:
    assert ((levers.expected_over_counted > 0.5) & (levers.expected_over_counted <= 1)).all()
    assert (levers.expected_over_counted == 1).sum() >= 20
    assert (levers.expected_over_counted < 0.98).any()


def test_more_relief_never_spares_less(levers: Levers) -> None:
    assert (np.diff(levers.relieved, axis=1) <= 1e-6).all()
    assert (levers.relieved[:, 0] == 1).all()
    assert levers.relieved.min() > 0
