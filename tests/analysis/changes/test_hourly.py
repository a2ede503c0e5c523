"""What the network teaches is learnt once from the same files, and comes back to the last bit."""

from pathlib import Path

import numpy as np
import pytest

from analysis.attribution.offered import Scale
from analysis.attribution.response import Prior
from analysis.attribution.search import NetworkPrior
from analysis.attribution.wander import Wander
from analysis.changes.hourly import learnt_once
from contracts.settings.sections import Settings
from ingest.warehouse.store import WHOLE, Warehouse

RNG = np.random.default_rng(3)
TAUGHT = NetworkPrior(
    Prior(RNG.random(9), RNG.random(24)),
    Wander(*RNG.random(4)),
    1 / 3,
    Scale(RNG.random(5), RNG.random(5), 0.1 + 0.2, RNG.random(24)),
)
DAYS = ["2026-01-30", "2026-01-31"]


class School:
    """Counts how often the network is learnt."""

    def __init__(self, folder: Path) -> None:
        self.n, self.warehouse = 0, Warehouse(folder)
        for day in DAYS:
            self.settle(day, "a")

    def settle(self, day: str, signature: str, name: str = "pm") -> None:
        self.warehouse.write_settled(name, day, {"signature": signature})

    def learn(self) -> NetworkPrior:
        self.n += 1
        return TAUGHT

    def asked(self, cells: tuple[str, ...] = ("x",)) -> NetworkPrior:
        return learnt_once(self.learn, self.warehouse, Settings(), cells, DAYS)


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def test_what_is_kept_is_what_was_learnt(school: School) -> None:
    assert school.asked() is TAUGHT
    kept = school.asked()
    assert school.n == 1
    np.testing.assert_array_equal(kept.prior.weights, TAUGHT.prior.weights)
    np.testing.assert_array_equal(kept.prior.by_hour, TAUGHT.prior.by_hour)
    np.testing.assert_array_equal(kept.scale.load, TAUGHT.scale.load)
    np.testing.assert_array_equal(kept.scale.by_hour, TAUGHT.scale.by_hour)
    assert (kept.wander, kept.blur) == (TAUGHT.wander, TAUGHT.blur)
    assert kept.scale.power == TAUGHT.scale.power


def test_a_later_day_teaches_nothing_new(school: School) -> None:
    school.asked()
    school.settle("2026-02-01", "b")
    school.asked()
    assert school.n == 1


@pytest.mark.parametrize(("name", "day"), [("pm", "2026-01-31"), ("cell", WHOLE)])
def test_a_late_file_is_learnt_from(school: School, name: str, day: str) -> None:
    school.asked()
    school.settle(day, "late", name)
    school.asked()
    assert school.n == 2


def test_other_cells_are_learnt_from(school: School) -> None:
    school.asked()
    school.asked(("x", "y"))
    assert school.n == 2


def test_a_damaged_note_is_learnt_again(school: School) -> None:
    school.asked()
    (school.warehouse.path / "settled" / "network" / f"{WHOLE}.json").write_text("{")
    school.asked()
    assert school.n == 2
