"""The house keeps its promises: which way imports point, what is packed, what is locked."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from contracts.fields import _ALL, FIELDS
from contracts.tables import _ALL as ALL_TABLES
from contracts.tables import TABLES
from ingest.warehouse.questions import check_names, query_names
from tools.docs import PAGES

HOUSE = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))

# Who may import whom among our own. A part may always import itself.
ARROWS = {
    "contracts": set[str](),
    "geo": {"contracts"},
    "ingest": {"contracts", "geo"},
    "analysis": {"contracts", "geo", "ingest"},
    "views": {"contracts", "geo", "ingest"},
    "app": {"contracts", "geo", "ingest", "views"},
    "hexperience": {"contracts", "geo", "ingest", "analysis", "views"},
}
# Rooms of each wing, floor by floor from below: a room imports from the floors below its own.
FLOORS: dict[str, tuple[set[str], ...]] = {
    "contracts": (
        {"complaints", "errors", "regulator", "written"},
        {"expressions", "fields", "vendors"},
        {"exports", "tables"},
        {"source"},
        {"kpis"},
        {"kpi_page", "settings"},
    ),
    "geo": ({"sphere"}, {"hexgrid", "sites"}, {"radio", "regions", "voronoi"}, {"footprint"}),
    "ingest": (
        {"clock", "kpi_views", "numerals", "synth"},
        {"containers", "privacy"},
        {"sources", "warehouse"},
        {"alerts", "clean", "running", "sandbox"},
        {"counters"},
        {"inspection", "settle"},
        {"quality"},
        {"run"},
        {"check"},
    ),
    "analysis": (
        {"arrays", "safety"},
        {"cube", "uncertainty"},
        {"places"},
        {"inputs"},
        {"association", "attribution", "neighbours", "outlook", "rates"},
        {"benefit", "changes", "effects", "network_share"},
        {"delivered", "events", "plan"},
        {"priority"},
        {"export", "run"},
    ),
    "views": (
        {"words"},
        {"console", "drawing"},
        {"delivery", "hexmap", "report"},
        {"shared"},
        {"panels"},
        {"pages"},
    ),
}
FLOOR = {
    (wing, room): floor
    for wing, floors in FLOORS.items()
    for floor, rooms in enumerate(floors)
    for room in rooms
}
# ruff's TID251 opens every door to a file that has one; here each door is held apart.
DOORS = {
    # strangers' SQL has a process of its own, which loads nothing else
    "duckdb": ("ingest/warehouse/duck.py", "ingest/sandbox/inside.py"),
    "h3": ("geo/hexgrid.py",),
    "phonenumbers": ("ingest/privacy/msisdn.py",),
    "ruptures": ("analysis/changes/segments.py",),
    "sqlite3": ("ingest/warehouse/acknowledgements.py",),
    "streamlit": ("app.py", "views/*"),
}
MOST_FILES = 12
# Rooms that hold more, and why each is one room all the same.
LARGER_ROOMS = {
    "analysis/attribution": "the steps of one method, in the order that a cell goes",
    "contracts/fields": "a file a subject of columns, found by its name in the dictionary",
    "views/panels": "a file a panel, named for what it shows",
}
WITHOUT_STREAMLIT = ("views/drawing/*", "views/report/*", "views/words/*")


def imported(tree: ast.AST) -> Iterator[str]:
    """Yields every dotted name a module imports; a relative import begins with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            yield from (f"{source}.{alias.name}" for alias in node.names)


def pages() -> set[str]:
    """Returns the names of the modules of `views` that are pages: those with a `page` function."""
    is_page = re.compile(r"^def page\(", re.MULTILINE)
    modules = HOUSE.glob("views/pages/*.py")
    return {path.stem for path in modules if is_page.search(path.read_text(encoding="utf-8"))}


def faults(path: str, source: str, pages: set[str]) -> list[str]:
    """Lists the rules of the house that one module breaks; `path` is relative to the house."""
    here = path.removesuffix(".py").split("/")
    found = []
    for name in imported(ast.parse(source)):
        part, *rest = name.split(".")
        if not part:
            found.append(f"{path} imports relatively: {name}")
        elif part in ARROWS and part not in ARROWS[here[0]] | {here[0]}:
            found.append(f"{path} may not import {part}")
        elif part in DOORS and not any(fnmatch(path, door) for door in DOORS[part]):
            found.append(f"{path} is no door to {part}")
        elif part == "streamlit" and any(fnmatch(path, still) for still in WITHOUT_STREAMLIT):
            found.append(f"{path} draws without Streamlit")
        elif here[0] == "views" and rest[:1] == ["pages"] and {*rest[1:2]} & pages - {here[-1]}:
            found.append(f"{path} imports the page {name}")
        elif part == here[0] in FLOORS and rest and goes_up(part, here[1], rest[0]):
            found.append(f"{path} imports from a floor that is not below: {name}")
    return found


def goes_up(wing: str, room: str, other: str) -> bool:
    """Whether a room imports one of its own wing that is not on a floor below."""
    floor, floor_of_other = FLOOR.get((wing, room)), FLOOR.get((wing, other))
    if room == other or floor_of_other is None:
        return False
    return floor is None or floor <= floor_of_other


def rooms() -> set[tuple[str, str]]:
    """Returns wing and name of each room, a folder or a file of a wing, as they stand on disk."""
    return {
        (path.parts[0], path.parts[1].removesuffix(".py"))
        for path in modules()
        if path.parts[0] in FLOORS and path.parts[1] != "__init__.py"
    }


def parts() -> set[str]:
    """Returns the names of our packages and top-level modules, as they stand on disk."""
    packages = {path.parent.name for path in HOUSE.glob("*/__init__.py")} - {"tests", "benchmarks"}
    return packages | {path.stem for path in HOUSE.glob("*.py")}


def modules() -> list[Path]:
    """Returns the path of each module of ours, relative to the house."""
    inside = [path for part in parts() for path in (HOUSE / part).rglob("*.py")]
    return sorted(path.relative_to(HOUSE) for path in [*inside, *HOUSE.glob("*.py")])


def tracked() -> list[Path]:
    """Returns every file that git has or would take, or skips where this is no checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(command, cwd=HOUSE, capture_output=True, check=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as refusal:
        pytest.skip(f"git cannot list the files of {HOUSE}: {refusal}")
    paths = (HOUSE / name for name in answer.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("path", modules(), ids=str)
def test_imports_follow_the_arrows_and_the_doors(path: Path) -> None:
    source = (HOUSE / path).read_text(encoding="utf-8")
    assert faults(path.as_posix(), source, pages()) == []


def files_by_room(paths: Iterable[Path]) -> dict[str, int]:
    """Returns how many modules stand in each folder of a wing, `__init__` left out."""
    named = [path for path in paths if path.name != "__init__.py" and path.parent.parts]
    return dict(Counter(path.parent.as_posix() for path in named))


def test_a_room_has_at_most_a_dozen_files() -> None:
    n_files = files_by_room(modules())
    assert {room for room, n in n_files.items() if n > MOST_FILES} == set(LARGER_ROOMS)


def test_tests_stand_in_folders_of_the_rooms_they_test() -> None:
    folders = {
        path.parent.relative_to(HOUSE / "tests") for path in HOUSE.glob("tests/**/test_*.py")
    }
    mirrored = {folder for folder in folders if {*folder.parts[:1]} & {*FLOORS, "benchmarks"}}
    assert {folder.as_posix() for folder in mirrored if not (HOUSE / folder).is_dir()} == set()


def circle(sources: Mapping[str, str]) -> list[str]:
    """Returns modules of which each imports the next and the last the first, or none.

    `sources`: text of each module by its dotted name.
    """
    graph = {
        name: {other for target in imported(ast.parse(text)) if (other := among(sources, target))}
        for name, text in sources.items()
    }
    try:
        TopologicalSorter({name: others - {name} for name, others in graph.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def among(names: Container[str], target: str) -> str:
    """Returns the module that an imported name is or comes from; empty for a stranger's."""
    while target and target not in names:
        target = target.rpartition(".")[0]
    return target


@pytest.mark.parametrize("wing", sorted(FLOORS))
def test_modules_of_a_wing_import_one_another_in_no_circle(wing: str) -> None:
    sources = {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__"): (HOUSE / path).read_text(
            encoding="utf-8"
        )
        for path in modules()
        if path.parts[0] == wing
    }
    assert circle(sources) == []


def test_a_circle_is_found_whatever_its_length() -> None:
    chain = {"a.b": "import a.c", "a.c": "from a.d import name", "a.d": "import os"}
    assert circle(chain) == []
    assert set(circle(chain | {"a.d": "def late():\n    from a import b"})) == set(chain)


def test_the_stage_of_a_family_is_called_by_the_story_alone() -> None:
    stages = re.compile(r"analysis\.\w+\.stage\b")
    for path in (path for path in modules() if path.parts[0] == "analysis"):
        tree = ast.parse((HOUSE / path).read_text(encoding="utf-8"))
        names = [name for name in imported(tree) if stages.match(name)]
        assert not names or path.as_posix() == "analysis/run.py", (path, names)


def test_the_house_has_all_its_parts_and_no_other() -> None:
    assert parts() == set(ARROWS)


def test_every_room_has_its_floor_and_every_floor_its_rooms() -> None:
    assert rooms() == set(FLOOR)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("contracts/fields/field.py", "import geo.hexgrid"),
        ("geo/regions.py", "from ingest.warehouse import store"),
        ("ingest/run.py", "def late():\n    import analysis.run"),
        ("analysis/rates/nps.py", "import views.drawing.charts"),
        ("views/shared/data.py", "from analysis.changes.segments import changes_of"),
        ("app.py", "import analysis"),
        ("views/pages/changes.py", "import views.pages.place"),
        ("views/pages/changes.py", "from views.pages import place"),
        ("views/shared/page.py", "from views.pages.map import page"),
        ("views/hexmap/wire.py", "from views.pages.map import page"),
        ("analysis/run.py", "from . import rates"),
        ("analysis/run.py", "from .rates import complaint_rate"),
        ("analysis/benefit/gain.py", "from analysis.changes import merge"),
        ("analysis/rates/nps.py", "from analysis.plan.solver import solved"),
        ("analysis/cellar/rows.py", "from analysis.places import members"),
        ("ingest/counters/rollup.py", "import duckdb"),
        ("geo/footprint.py", "from h3 import latlng_to_cell"),
        ("analysis/rates/nps.py", "import ruptures as rpt"),
        ("views/shared/data.py", "import duckdb"),
        ("hexperience.py", "import streamlit.web.cli"),
        ("views/drawing/charts.py", "import streamlit"),
    ],
)
def test_a_module_that_breaks_a_rule_is_found(path: str, source: str) -> None:
    assert len(faults(path, source, {"map", "place", "changes"})) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "views/pages/map.py",
            "from views.drawing import charts\nimport views.shared.page\nimport streamlit",
        ),
        ("views/hexmap/view.py", "import views.hexmap.wire\nfrom views.drawing import outlines"),
        ("ingest/warehouse/duck.py", "import duckdb\nimport contracts.tables\nimport geo.hexgrid"),
        ("hexperience.py", "import analysis.run\nimport ingest.run\nimport views.report.write"),
        ("analysis/changes/merge.py", "from analysis.attribution import search"),
        ("geo/hexgrid.py", "import h3.api.numpy_int\nfrom contracts.errors import OutOfRange"),
    ],
)
def test_a_module_that_keeps_the_rules_is_let_by(path: str, source: str) -> None:
    assert faults(path, source, {"map", "place", "changes"}) == []


def test_every_package_and_module_is_listed_for_packing() -> None:
    listed = PYPROJECT["tool"]["setuptools"]
    folders = {".".join(path.parent.parts) for path in modules() if path.parent.parts}
    assert set(listed["packages"]) == folders | {"queries"}
    assert set(listed["py-modules"]) == set(ARROWS) - folders


@pytest.mark.parametrize("ending", ["sql", "toml", "json", "geojson", "html", "css"])
def test_every_data_file_in_a_package_is_packed(ending: str) -> None:
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]
    for package in {name.split(".")[0] for name in PYPROJECT["tool"]["setuptools"]["packages"]}:
        for path in (HOUSE / package).rglob(f"*.{ending}"):
            if "frontend" not in path.parts:  # the source of what is packed as a bundle
                assert is_packed(path.relative_to(HOUSE), patterns), path


def is_packed(path: Path, patterns: dict[str, list[str]]) -> bool:
    """Tells whether a package above `path` is listed and has a pattern that fits the rest."""
    listed = PYPROJECT["tool"]["setuptools"]["packages"]
    for folder in path.parents:
        package, rest = ".".join(folder.parts), path.relative_to(folder).as_posix()
        fitting = [*patterns.get(package, []), *patterns["*"]]
        if package in listed and any(fits(rest, pattern) for pattern in fitting):
            return True
    return False


def fits(rest: str, pattern: str) -> bool:
    """Tells whether a glob without `**` fits a relative path, one folder for one folder."""
    return rest.count("/") == pattern.count("/") and fnmatch(rest, pattern)


def test_a_data_file_below_an_unlisted_folder_is_missed() -> None:
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]
    assert is_packed(Path("queries/checks/rates.sql"), patterns)
    assert not is_packed(Path("queries/checks/old/rates.sql"), patterns)
    assert not is_packed(Path("benchmarks/speed.sql"), patterns)


def names_of_packages() -> set[str]:
    """Returns the names under which installed packages, but for our own, are imported."""
    ours = {"hexperience"}
    return {name for name, of in packages_distributions().items() if not ours & set(of)}


def test_no_part_takes_the_name_of_a_library() -> None:
    parts_and_tools = parts() | {path.parent.name for path in HOUSE.glob("*/*.py")}
    assert not parts_and_tools & (names_of_packages() | sys.stdlib_module_names)


def test_a_column_a_table_and_a_question_are_named_once() -> None:
    fields = [field.name for field in _ALL]
    assert len(fields) == len(FIELDS) == len(set(fields))
    assert len(ALL_TABLES) == len(TABLES)
    questions = [path.stem for path in HOUSE.glob("queries/*/*.sql")]
    assert len(questions) == len(set(questions))
    assert not set(query_names()) & set(check_names())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_made_from_the_code_is_in_step(page: str) -> None:
    assert (HOUSE / page).read_text(encoding="utf-8") == PAGES[page](), "do: make docs"


def test_no_file_names_a_package_registry() -> None:
    # Put together here so that this file does not hold what it forbids.
    hosts = ["py" + "pi.org", "python" + "hosted", "npm" + "js.org", "deb." + "debian.org"]
    forbidden = re.compile("|".join([*map(re.escape, hosts), "--(extra-)?" + "index-url"]))
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="replace")
        assert not forbidden.search(text), path


def test_the_lock_pins_every_requirement_by_hash_and_holds_no_address() -> None:
    lock = (HOUSE / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    entries = re.split(r"\n(?=[a-z0-9])", lock)
    assert len(entries) > len(PYPROJECT["project"]["dependencies"])
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[^ ]+ .*\\\n    --hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_lock_holds_every_dependency_that_is_declared() -> None:
    lock = (HOUSE / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))
    declared = PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["dev"]
    assert {re.match(r"[a-z0-9-]+", name).group() for name in declared} <= locked  # type: ignore[union-attr]


def test_every_part_of_the_accuracy_is_linked_from_its_page() -> None:
    page = (HOUSE / "docs" / "accuracy.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\(accuracy/([\w-]+\.md)\)", page))
    assert linked == {path.name for path in (HOUSE / "docs" / "accuracy").glob("*.md")}
