"""The only cached calls: answers of query files, the configuration, outlines for orientation.

Every answer is kept under the published marts and the newest acknowledgement it came from, so what
is new is seen at the next click. Nothing here draws; `acknowledge` alone writes.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
import streamlit as st

from contracts.settings import load, sections
from geo.regions import polygons
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.marts import Marts
from views.drawing.outlines import Box
from views.drawing.outlines import outlines as outlines_within


def configuration() -> sections.Settings:
    """Settings of $HEXPERIENCE_CONFIG, else ./hexperience.toml; raises SettingsError."""
    path = Path(os.environ.get("HEXPERIENCE_CONFIG", "hexperience.toml")).absolute()
    return _configuration(str(path), path.stat().st_mtime_ns if path.exists() else 0)


def answer(query: str, **params: Any) -> pd.DataFrame:
    """Answer of one query file; raises NothingFound before anything is published.

    `query`: its name. `params`: by name; one that is None takes the default of the query's head.
    """
    published = marts()
    given = {name: value for name, value in params.items() if value is not None}
    kept_under = f"{published.file} {published.log_state}"
    return _answer(kept_under, str(published.folder), query, given)


def acknowledge(subject: Subject, word: Word, *, by: str, at: datetime) -> None:
    """Adds an entry to the log of acknowledgements; raises QuestionError, InputError.

    `subject`: the change or place. `word`: status, owner and comment. `by`: name of who says so.
    `at`: instant of the entry.
    """
    marts().acknowledge(subject, word, by=by, at=at)


def log_fault() -> str:
    """Why the log of acknowledgements can't be read; empty = it can."""
    return marts().log_fault


def has_counters() -> bool:
    """Whether any cell has counters; without, only what persons reported is known."""
    return bool(answer("counts")["n_cells"].iloc[0])


def facts() -> pd.Series:
    """The run behind what is published: operator_name, timezone, level, as_of_utc, versions."""
    return answer("run_facts").iloc[-1]


def outlines(box: Box) -> dict[str, Any]:
    """Land and borders of the world (Natural Earth) within a box, as GeoJSON by kind."""
    return _outlines(box)


def regions() -> gpd.GeoDataFrame | None:
    """The operator's planning regions: name, geometry; None where the settings name none."""
    settings = configuration()
    path = settings.resolve(settings.operator.regions)
    changed_ns = path.stat().st_mtime_ns if path.exists() else 0
    return _regions(str(path), settings.operator.region_name, changed_ns, settings)


def marts() -> Marts:
    """The published answers of the configuration."""
    settings = configuration()
    return Marts(settings.resolve(settings.warehouse.path))


@st.cache_data(show_spinner=False, max_entries=4)
def _configuration(path: str, changed_ns: int) -> sections.Settings:  # noqa: ARG001 - part of the key
    return load.load(Path(path))


@st.cache_data(show_spinner=False, max_entries=300)
def _answer(kept_under: str, folder: str, query: str, params: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG001 - part of the key
    return Marts(Path(folder)).query(query, **params)


@st.cache_data(show_spinner=False, max_entries=20)
def _outlines(box: Box) -> dict[str, Any]:
    return {kind: shapely.geometry.mapping(shape) for kind, shape in outlines_within(box).items()}


@st.cache_data(show_spinner=False, max_entries=4)
def _regions(
    path: str,  # noqa: ARG001 - part of the key
    name: str,  # noqa: ARG001 - part of the key
    changed_ns: int,  # noqa: ARG001 - part of the key
    _settings: sections.Settings,
) -> gpd.GeoDataFrame | None:
    return polygons(_settings)
