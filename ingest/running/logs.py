"""What a run did, for whoever asks later: one line an event, rotated by size.

A line: instant in UTC, level, process, run, message. The run's name is known once all files are
read; until then it is a dash, and the process number joins the lines. No rows, keys or subscribers:
our refusals name file, row and column; of a crash and of other packages' warnings only the first
words are kept, because what follows may quote data.
"""

import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import MemoryHandler, RotatingFileHandler
from pathlib import Path

from contracts.errors import HexperienceError, Interrupted
from contracts.settings.sections import Settings
from ingest.privacy import redact

log = logging.getLogger("hexperience")
DASK = "distributed"
_SHOWN = "hexperience.warehouse"
_HOUSE = Path(__file__).resolve().parents[2]


class RunLog(logging.Formatter):
    """The lines' form; whoever learns the run's name sets `run_id`."""

    run_id = "-"
    """Name of the run; a dash until it is known."""

    def format(self, record: logging.LogRecord) -> str:
        """One line for a `record`, however many lines its message has."""
        instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        lines = [line.strip() for line in record.getMessage().splitlines()] or [""]
        if record.name != log.name:
            lines = [f"{record.name}: {lines[0]}"]
        message = redact.code(" | ".join(lines))
        return f"{instant} {record.levelname} pid={record.process} run={self.run_id} {message}"


@contextmanager
def kept(settings: Settings) -> Iterator[RunLog]:
    """Keeps a log in [run] log, if set; a refusal or crash is noted there and raised further.

    `settings`: where the log lies and how large it may be. Yields the form of its lines.
    """
    form, how = RunLog(), settings.run
    handler: logging.Handler = logging.NullHandler()
    if how.log:
        path = settings.resolve(how.log)
        path.parent.mkdir(parents=True, exist_ok=True)
        size = int(how.log_megabytes * 1e6)
        handler = RotatingFileHandler(path, maxBytes=size, backupCount=how.log_files - 1)
        handler.setFormatter(form)
    log.setLevel(logging.INFO)
    # Dask hands nothing up and silences every handler it finds: it gets one of its own
    passing = MemoryHandler(1, target=handler)
    passing.setLevel(logging.WARNING)
    handlers = {log: handler, logging.getLogger(DASK): passing}
    # what a person is to know though the work goes on is shown, too
    handlers[logging.getLogger(_SHOWN)] = logging.StreamHandler()
    for source, its in handlers.items():
        source.addHandler(its)
    try:
        with _faults_noted():
            yield form
    finally:
        for source, its in handlers.items():
            source.removeHandler(its)
        handler.close()


@contextmanager
def _faults_noted() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, Interrupted) as stop:
        log.warning(str(stop) or "stopped")
        raise
    except HexperienceError as error:
        log.error(error)
        raise
    except BaseException as error:
        log.critical("crashed: %s in %s", type(error).__name__, where(error))
        raise


def where(error: BaseException) -> str:
    """Innermost line of our own code that the `error` passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_HOUSE)] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}"
