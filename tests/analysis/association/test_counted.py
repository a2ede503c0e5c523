"""With repeats, cell-known complaints and second answers the planted slope comes back; it did not.

The raw way counts every contact, leaves out those known by their cell alone and scales up for them,
and counts every answer alike. Until 0.2 the slopes were made so.
"""

import numpy as np
import pytest

from analysis.association.slopes import Slope
from ingest.settle.repeats import repeats
from tests.bench.persons import (
    DETRACTORS_PER_DROP,
    PER_DROP,
    Town,
    complainants_per_drop,
    detractors_per_drop,
    town,
)

SEEDS = range(8)


def _holds(found: list[Slope], truth: float) -> float:
    intervals = [slope.interval for slope in found]
    return float(np.mean([low <= truth <= high for low, high in intervals]))


@pytest.fixture(scope="module")
def towns() -> list[Town]:
    return [town(seed) for seed in SEEDS]


def test_a_third_of_the_contacts_are_repeats_and_a_third_have_no_place(towns: list[Town]) -> None:
    again = np.mean([repeats(one.complaints, days=7, zone="UTC").mean() for one in towns])
    assert again == pytest.approx(1 / 3, abs=0.05)
    assert np.mean([t.complaints["hex_id"].isna().mean() for t in towns]) == pytest.approx(
        1 / 3, abs=0.02
    )


def test_complainants_per_drop_come_back_where_contacts_do_not(towns: list[Town]) -> None:
    counted = [complainants_per_drop(one, counted=True) for one in towns]
    contacts = [complainants_per_drop(one, counted=False) for one in towns]
    assert _holds(counted, PER_DROP) >= 0.75
    assert np.mean([slope.value for slope in counted]) == pytest.approx(PER_DROP, rel=0.06)
    assert _holds(contacts, PER_DROP) <= 0.25
    assert np.mean([slope.value for slope in contacts]) > 1.2 * PER_DROP


def test_detractors_per_drop_come_back_where_answers_do_not(towns: list[Town]) -> None:
    counted = [detractors_per_drop(one, counted=True) for one in towns]
    everything = [detractors_per_drop(one, counted=False) for one in towns]
    assert _holds(counted, DETRACTORS_PER_DROP) >= 0.75
    assert np.mean([slope.value for slope in counted]) == pytest.approx(
        DETRACTORS_PER_DROP, rel=0.15
    )
    assert abs(np.mean([slope.value for slope in everything]) / DETRACTORS_PER_DROP - 1) > 0.2
