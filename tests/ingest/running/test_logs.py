"""The log tells what a run did, and nothing of a person or a key."""

import logging
import re
from pathlib import Path

import pytest

from contracts.errors import InputError, Interrupted
from contracts.settings.sections import Run, Settings
from ingest.running import logs


def _settings(folder: Path, **how: object) -> Settings:
    return Settings(folder=folder, run=Run.model_validate({"log": "logs/run.log", **how}))


def _lines(folder: Path) -> list[str]:
    return (folder / "logs" / "run.log").read_text("utf-8").splitlines()


def test_a_line_has_instant_level_process_and_run(tmp_path: Path) -> None:
    with logs.kept(_settings(tmp_path)) as form:
        logs.log.info("first")
        form.run_id = "abc"
        logs.log.info("second of\n  two lines")
    first, second = _lines(tmp_path)
    assert first.split(" ", 1)[0].endswith("Z")
    assert first.split(" ", 1)[1].startswith("INFO pid=")
    assert first.endswith(" run=- first")
    assert second.endswith(" run=abc second of | two lines")


def test_a_line_loses_telephone_numbers_and_e_mails_and_keeps_files_and_runs(
    tmp_path: Path,
) -> None:
    spellings = (
        "07700 900152", "+44-7700-900153", "07700_900_155", "2081012354", "jo@example.org",
    )  # fmt: skip
    with logs.kept(_settings(tmp_path)):
        for text in spellings:
            logs.log.error("raw/list of %s.csv: no column 'who'", text)
        logs.log.info("published 000041-1234d3b2c4e5 of raw/pm/A20261122.0600+0100-0615+0100.xml")
    *lines, last = _lines(tmp_path)
    assert [re.search(r"raw/list of (\S+?)(\.csv)?: no", line)[1] for line in lines] == [  # type: ignore[index]
        "[number]", "[number]", "[number]", "[number]", "[e-mail]",
    ]  # fmt: skip
    assert last.endswith("000041-1234d3b2c4e5 of raw/pm/A20261122.0600+0100-0615+0100.xml")


def test_the_log_is_rotated_and_the_oldest_goes(tmp_path: Path) -> None:
    with logs.kept(_settings(tmp_path, log_megabytes=0.001, log_files=3)):
        for number in range(100):
            logs.log.info("line %d", number)
    files = sorted((tmp_path / "logs").iterdir())
    assert [path.name for path in files] == ["run.log", "run.log.1", "run.log.2"]
    assert all(path.stat().st_size <= 1000 for path in files)
    assert _lines(tmp_path)[-1].endswith("line 99")


def test_a_refusal_is_logged_with_its_faults_and_raised_further(tmp_path: Path) -> None:
    with pytest.raises(InputError), logs.kept(_settings(tmp_path)):
        raise InputError("2 fault(s)", ["one.csv: no column", "two.csv: empty"])
    (line,) = _lines(tmp_path)
    assert " ERROR " in line
    assert line.endswith("2 fault(s) | - one.csv: no column | - two.csv: empty")


@pytest.mark.parametrize(
    ("error", "pattern"),
    [
        (Interrupted("stopped while reading"), "WARNING pid=.*stopped while reading"),
        (KeyboardInterrupt(), "WARNING pid=.*stopped"),
        (ValueError("could not convert 447700900123"), "CRITICAL pid=.*crashed: ValueError in "),
    ],
)
def test_a_stop_and_a_crash_are_logged_without_values(
    tmp_path: Path, error: BaseException, pattern: str
) -> None:
    with pytest.raises(type(error)), logs.kept(_settings(tmp_path)):
        raise error
    (line,) = _lines(tmp_path)
    assert re.search(pattern, line)
    assert "447700900123" not in line


def test_warnings_of_dask_are_kept_to_their_first_line(tmp_path: Path) -> None:
    with logs.kept(_settings(tmp_path)):
        logging.getLogger("distributed.worker").info("started")
        logging.getLogger("distributed.worker").warning("Compute Failed\nargs: 447700900123")
    (line,) = _lines(tmp_path)
    assert line.endswith("distributed.worker: Compute Failed")


def test_without_a_setting_there_is_no_log(tmp_path: Path) -> None:
    with logs.kept(Settings(folder=tmp_path)):
        logs.log.info("nowhere")
    assert list(tmp_path.iterdir()) == []
