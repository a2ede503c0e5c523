"""Load behind a PRB that is full: learnt from attempts, else the usual one."""

import numpy as np
import pytest

from analysis.arrays import Floats
from analysis.attribution import offered
from analysis.attribution.offered import CLASSES, USUAL, learn_scale

BENDS = 8.0


def network(seed: int, noise: float = 0.05) -> tuple[Floats, Floats, Floats]:
    """Load offered to sixty cells, the PRB that shows it until it pegs, and attempts."""
    rng = np.random.default_rng(seed)
    course = 0.1 + 0.5 * (1 - np.cos(2 * np.pi * np.arange(24) / 24))
    busiest = rng.uniform(0.5, 1.6, (60, 1, 1))
    asked = course * rng.lognormal(0, 0.08, (60, 40, 24))
    load = busiest * asked / course.max()
    prb = 100 * load / (1 + load**BENDS) ** (1 / BENDS)
    attempts = rng.poisson(400 * asked * rng.lognormal(0, noise, asked.shape)).astype(float)
    return 100 * load, prb, attempts


def test_the_scale_is_stretched_near_the_end_and_comes_back() -> None:
    prb = np.array([0.0, 40.0, 80.0, 90.0, 95.0, 99.0])
    load = USUAL.load_of(prb)
    assert load[:3] == pytest.approx([0.0, 40.0, 80.0])
    assert (np.diff(load) > 0).all()
    assert load[-1] > 110
    assert USUAL.prb_of(load) == pytest.approx(prb)


def test_what_a_full_prb_hides_is_learnt_from_attempts() -> None:
    load, prb, attempts = network(1)
    scale = learn_scale(prb, attempts)
    # a little is hidden at 75 % already, and all is measured from there
    true = 100 * CLASSES / 100 / (1 - (CLASSES / 100) ** BENDS) ** (1 / BENDS)
    assert scale.load[:-1] == pytest.approx(true[:-1], rel=0.06)
    assert scale.power == pytest.approx(1.0, abs=0.1)
    off = np.log(offered.offered(prb, attempts, scale) / load)
    plain_off = np.log(USUAL.load_of(prb) / load)
    is_full = prb > 95
    assert np.abs(off[is_full]).mean() < np.abs(plain_off[is_full]).mean() / 2
    assert abs(off[is_full].mean()) < 0.06


def test_attempts_that_say_little_are_hardly_listened_to() -> None:
    load, prb, noisy = network(2, noise=0.5)
    scale = learn_scale(prb, noisy)
    assert scale.trust.max() < 0.3
    errors = [
        np.std(np.log(read[prb > 95] / load[prb > 95]))
        for read in (offered.offered(prb, noisy, scale), scale.load_of(prb))
    ]
    assert errors[0] < errors[1] + 0.1


def test_cells_that_are_never_full_or_unknown_teach_nothing() -> None:
    _, prb, attempts = network(3)
    for low in (prb * 0.4, np.full_like(prb, np.nan)):
        scale = learn_scale(low, attempts)
        assert scale.load == pytest.approx(USUAL.load)
        assert (scale.trust == 0).all()
    assert np.isnan(offered.offered(np.full_like(prb, np.nan), attempts, USUAL)).all()
