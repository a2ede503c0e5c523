"""Are the installed packages the oldest that pyproject.toml declares? `tools/minimum` asks."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
_BOUND = re.compile(r"^([\w-]+)(?:\[.*\])?>=([\w.]+)$")


def above(declared: Mapping[str, str], installed: Mapping[str, str]) -> Iterator[str]:
    """Packages whose installed version is above their declared lower bound, in words.

    `declared`: lower bound by name; `installed`: version by name. A bound of two numbers is met by
    any version that begins with them: 2.4 by 2.4.1.

    >>> list(above({"numpy": "2.4", "h3": "4.5"}, {"numpy": "2.4.1", "h3": "4.6.0"}))
    ['h3: 4.5 is declared, 4.6.0 is the oldest that goes with the others; raise the bound']
    """
    for name, bound in declared.items():
        if not f"{installed[name]}.".startswith(f"{bound}."):
            oldest = f"{installed[name]} is the oldest that goes with the others"
            yield f"{name}: {bound} is declared, {oldest}; raise the bound"


def lower_bounds(pyproject: Path) -> dict[str, str]:
    """Lower bound by name of every package that users and developers need.

    `pyproject`: path of the pyproject.toml; a package without a lower bound is left out.
    """
    listed = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    needed = listed["project"]["dependencies"] + listed["dependency-groups"]["dev"]
    return {name: bound for need in needed for name, bound in _BOUND.findall(need)}


if __name__ == "__main__":
    bounds = lower_bounds(PYPROJECT)
    if faults := list(above(bounds, {name: version(name) for name in bounds})):
        sys.exit("\n".join(faults))
