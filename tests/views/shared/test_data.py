import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import InputError, NothingFound, SettingsError
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from views.shared import data


def test_a_new_snapshot_is_seen_at_once(
    town: Any, configured: Callable[[Path], None], tmp_path: Path
) -> None:
    shutil.copytree(town.config.parent, tmp_path / "t", symlinks=True)
    configured(tmp_path / "t" / "hexperience.toml")
    assert data.facts()["software_version"] == "0.1.0"
    warehouse = Warehouse(tmp_path / "t" / "warehouse")
    warehouse.write("run", warehouse.read("run").assign(software_version="0.2.0"))
    assert data.facts()["software_version"] == "0.1.0"
    publish(warehouse, "again", keep=3)
    assert data.facts()["software_version"] == "0.2.0"


def test_before_the_first_run_nothing_is_found(
    unpublished: Path, configured: Callable[[Path], None]
) -> None:
    configured(unpublished)
    with pytest.raises(NothingFound, match="hexperience run"):
        data.facts()


def test_without_a_configuration_the_remedy_is_named(
    tmp_path: Path, configured: Callable[[Path], None]
) -> None:
    configured(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="HEXPERIENCE_CONFIG"):
        data.configuration()


def test_a_parameter_that_is_none_takes_its_default(
    town: Any, configured: Callable[[Path], None]
) -> None:
    configured(town.config)
    every = data.answer("change_points", since=None, direction=None, top=10)
    assert list(every["change_id"]) == ["c1", "c2"]
    assert list(data.answer("change_points", direction="down", top=10)["change_id"]) == ["c2"]


def test_outlines_are_those_of_the_box() -> None:
    leeds, ocean = (-2.5, 53.0, 0.5, 54.5), (-40.0, 40.0, -35.0, 45.0)
    land = data.outlines(leeds)["land"]
    assert land["type"] in {"Polygon", "MultiPolygon"}
    assert land["coordinates"]
    assert not data.outlines(ocean)["land"].get("coordinates")


def test_borders_are_there_between_countries_and_not_in_the_sea() -> None:
    assert data.outlines((6.0, 47.0, 9.0, 50.0))["border"]["coordinates"]
    assert not data.outlines((-40.0, 40.0, -35.0, 45.0))["border"].get("coordinates")


def test_regions_are_those_of_the_settings(
    town: Any, reports_town: Any, configured: Callable[[Path], None]
) -> None:
    configured(town.config)
    regions = data.regions()
    assert regions is not None
    assert set(regions["name"]) == {"West & <b>hills</b>", "East"}
    configured(reports_town.config)
    assert data.regions() is None


def test_regions_that_are_gone_are_named(
    town: Any, configured: Callable[[Path], None], tmp_path: Path
) -> None:
    configured(Path(shutil.copy(town.config, tmp_path / "hexperience.toml")))
    with pytest.raises(InputError, match=r"regions\.geojson"):
        data.regions()
