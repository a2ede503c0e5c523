"""Some hundred spoilt files of every reader; `make soak` tries 20,000."""

from pathlib import Path

import pytest

from ingest.sources import _READERS
from tests.ingest.fuzz import COUNTED, SEEDS, Seed, fuzz, spoilt, tried

NUMBER = 45


def test_every_reader_has_a_seed_and_a_count_of_its_own() -> None:
    assert {seed.source.reader for seed in SEEDS} == {*_READERS} == {*COUNTED}


# pyarrow tells standard error of a row that it can neither decode nor put aside
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_spoilt_file_is_refused_in_words_or_all_of_its_rows_are_accounted_for(
    seed: Seed, tmp_path: Path
) -> None:
    path = tmp_path / seed.name
    path.write_bytes(seed.content)
    assert tried(path, seed) == "1"
    fared, failures = fuzz(seed, range(NUMBER), tmp_path)
    assert failures == []
    assert fared.keys() >= {"1", "refused"}
    assert spoilt(seed, 7) == spoilt(seed, 7) != spoilt(seed, 8)
