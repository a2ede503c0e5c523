"""The demo operator, small: its files written, ingested, analysed and published."""

from datetime import UTC, datetime
from pathlib import Path

import analysis.run
import ingest.run
from contracts.settings.load import load
from ingest.running.workers import workers
from ingest.synth import write_operator
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse


def build_demo(folder: Path) -> None:
    """Publishes 120 cells of 60 days below a folder; one place has somebody who looks after it."""
    config = write_operator(folder, n_cells=120, n_days=60, n_months=0)
    settings = load(config, environ={})
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    publish(warehouse, "demo", keep=2)
    worst = warehouse.marts.query("worst_places", place_type="hex", top=1)["hex_text"].iloc[0]
    word, at = Word("in_work", "Ann Lee", "antenna ordered"), datetime(2026, 11, 20, 9, tzinfo=UTC)
    warehouse.marts.acknowledge(Subject("hex", worst), word, by="Ann Lee", at=at)
