"""Examples in docstrings answer what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

from tests.test_house import FLOORS, HOUSE, modules


def with_examples() -> list[Path]:
    """Returns the path of each module of ours that has an example, relative to the house."""
    inside = [path for path in modules() if path.parts[0] in FLOORS]
    return [path for path in inside if ">>> " in (HOUSE / path).read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", with_examples(), ids=str)
def test_an_example_answers_what_it_says(path: Path) -> None:
    module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0
