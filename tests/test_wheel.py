"""The wheel holds what it should, and works where nothing of the checkout is in reach."""

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.test_house import HOUSE, tracked

pytestmark = pytest.mark.slow
PARTS = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]


def _do(*words: str | Path, folder: Path, **environ: str) -> str:
    """Runs a command where nothing points to the checkout; returns what it printed."""
    own = ("PYTHON", "VIRTUAL_ENV", "HEXPERIENCE", "COVERAGE")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    done = subprocess.run(
        words, cwd=folder, env={**clean, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in tracked():
        copy = folder / "house" / path.relative_to(HOUSE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    how = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder]
    _do(sys.executable, "-m", "pip", "-q", "wheel", *how, "./house", folder=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def bare(wheel: Path) -> Path:
    """Folder of an environment that has the wheel and the packages it needs, and no checkout."""
    folder = wheel.parent / "bare"
    _do(sys.executable, "-m", "venv", "--without-pip", folder, folder=wheel.parent)
    how = ["--python", folder, "-q", "install", "--no-deps", "--no-index"]
    _do(sys.executable, "-m", "pip", *how, wheel, folder=folder)
    (site,) = folder.glob("lib/python*/site-packages")
    # the locked packages where they lie: a line of a .pth file is only a folder to look in, so
    # the .pth file there that leads to the checkout is not read
    (site / "locked.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder


def test_the_wheel_holds_every_file_of_its_packages_and_no_other(wheel: Path) -> None:
    packages = {name.replace(".", "/") for name in PARTS["packages"]}
    top = {name for name in packages if "/" not in name and (HOUSE / name / "__init__.py").exists()}
    modules = {f"{name}.py" for name in PARTS["py-modules"]}
    patterns = [one for patterns in PARTS["package-data"].values() for one in patterns]
    endings = {".py", *(Path(pattern).suffix for pattern in patterns)} - {""}
    wanted = {
        name
        for path in tracked()
        if (name := path.relative_to(HOUSE).as_posix()) in modules
        or (name.split("/")[0] in packages and path.suffix in endings and "/frontend/" not in name)
        or "/bundle/" in name
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == wanted
    assert {"app.py", "queries/checks/ranks.sql", "views/drawing/world.geojson"} <= held
    # a type checker reads our types only where a package says that it has them
    assert {f"{name}/py.typed" for name in top} <= held


def test_what_is_imported_is_the_wheel(bare: Path) -> None:
    script = "import contracts, hexperience; print(contracts.__file__, hexperience.__file__)"
    paths = _do(bare / "bin" / "python", "-c", script, folder=bare)
    assert [Path(name).is_relative_to(bare) for name in paths.split()] == [True, True]


def test_the_demo_runs_and_answers_from_the_wheel(bare: Path) -> None:
    console, config = bare / "bin" / "hexperience", ["--config", "demo/hexperience.toml"]
    output = _do(
        console, "demo", "--cells", "12", "--days", "20", "--months", "0", folder=bare, NO_APP="1"
    )
    assert "rows: read = accepted + refused" in output
    counts = _do(console, "query", "counts", "--format", "csv", *config, folder=bare)
    assert [row["n_cells"] for row in csv.DictReader(counts.splitlines())] == ["12"]
    checked = _do(console, "check", "--published", *config, folder=bare)
    assert "they keep all promises" in checked
