"""The screen takes no sentence apart: what it needs of one is a column."""

import ast
from pathlib import Path

import pytest

VIEWS = Path(__file__).parents[2] / "views"
SENTENCES = {"advice", "reason", "seen"}
"""Columns that hold what to do, and why, in sentences."""
CUTS = {"partition", "rpartition", "split", "rsplit", "splitlines", "find", "rfind", "index",
        "rindex", "removeprefix", "removesuffix", "extract", "findall", "match", "fullmatch",
        "search", "slice"}  # fmt: skip
"""Calls that take a text, or a column of texts, apart."""


def cuts(source: str) -> list[str]:
    """Calls that take texts apart, in a module that reads a column of sentences."""
    nodes = list(ast.walk(ast.parse(source)))
    columns = {node.value for node in nodes if isinstance(node, ast.Constant)}
    columns |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    if not SENTENCES & columns:
        return []
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    return sorted(f.attr for f in calls if isinstance(f, ast.Attribute) and f.attr in CUTS)


@pytest.mark.parametrize(
    "path", sorted(VIEWS.rglob("*.py")), ids=lambda path: str(path.relative_to(VIEWS))
)
def test_no_module_that_reads_sentences_takes_texts_apart(path: Path) -> None:
    assert cuts(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'advice, _, rest = place["reason"].partition(": about ")',
        'first = row.advice.split(". ")[0]',
        'text = places["seen"]\nfirst = re.search(r"^[^.]*", text)',
        'places["seen"].str.extract("(.*): about")',
    ],
)
def test_a_sentence_that_is_taken_apart_is_found(source: str) -> None:
    assert cuts(source)
