"""The bundle that the browser gets is what its source builds, and carries its licences."""

import filecmp
import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

HEXMAP = Path(__file__).parents[3] / "views" / "hexmap"
BUNDLE = ("NOTICES.txt", "hexmap.css", "hexmap.js")
SOURCE = HEXMAP / "frontend"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the front end with the packages that its lock names."""
    if shutil.which("npm") is None:
        said = "no npm on PATH: install Debian's packages nodejs and npm to check the bundle"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    copy = tmp_path_factory.mktemp("front end")
    shutil.copytree(SOURCE, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--prefer-offline", "--silent"], cwd=copy, check=True)
    return copy


def test_the_bundle_is_what_the_source_builds(source: Path, tmp_path: Path) -> None:
    subprocess.run(["node", "build.js", tmp_path], cwd=source, check=True, capture_output=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(BUNDLE)
    same, *other = filecmp.cmpfiles(HEXMAP / "bundle", tmp_path, BUNDLE, shallow=False)
    assert other == [[], []], "run `make bundle` and commit what it makes"
    assert sorted(same) == sorted(BUNDLE)


def test_the_front_end_passes_its_own_tests(source: Path) -> None:
    outcome = subprocess.run(["node", "--test"], cwd=source, check=False, capture_output=True)
    assert outcome.returncode == 0, outcome.stdout.decode()


def test_every_package_in_the_bundle_is_named_with_its_licence() -> None:
    notices = (HEXMAP / "bundle" / "NOTICES.txt").read_text(encoding="utf-8")
    wanted = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name, version in wanted.items():
        assert f"{name} {version} (Apache-2.0)" in notices
    assert "Licensed under the Apache License" in notices


def test_the_lock_of_the_front_end_holds_hashes_and_no_address() -> None:
    lock = json.loads((SOURCE / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert "node_modules/h3-js" in packages
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name


def test_the_bundle_names_no_machine() -> None:
    text = (HEXMAP / "bundle" / "hexmap.js").read_text(encoding="utf-8")
    # the one address in it is a name: that of the language of its icons
    assert text.count("://") == text.count("http://www.w3.org/2000/svg")


def test_wheel_and_checkout_tell_streamlit_the_same() -> None:
    projects = [
        tomllib.loads(path.read_text(encoding="utf-8"))
        for path in (HEXMAP / "pyproject.toml", HEXMAP.parents[1] / "pyproject.toml")
    ]
    assert projects[0]["tool"]["streamlit"] == projects[1]["tool"]["streamlit"]
    assert projects[0]["project"]["name"] == projects[1]["project"]["name"]
    (component,) = projects[0]["tool"]["streamlit"]["component"]["components"]
    assert HEXMAP.parents[1] / component["asset_dir"] == HEXMAP / "bundle"
