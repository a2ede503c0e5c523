"""The site is laid out from what is on disk, links lead to pages of it, and it stands alone."""

import re
from pathlib import Path

import pytest

from tests.test_house import HOUSE, modules, tracked
from tools import bounds, examples, website

CITED = re.compile(r"docs/(methods|standards)\.md(?:,| section)* (\d+(?:\.\d+)?)")


def test_every_module_of_ours_has_a_page_of_the_api() -> None:
    named = {
        path.with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
        for path in modules()
        if (HOUSE / path).read_text(encoding="utf-8").strip()
    }
    assert set(website.modules()) == named
    pages = website.api_pages()
    assert {text.split("::: ")[1].strip() for text in pages.values()} == named


def test_the_navigation_holds_every_page_of_the_api(tmp_path: Path) -> None:
    website.lay_out(tmp_path / "site")
    settings = (tmp_path / "site" / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {path.as_posix() for path in (tmp_path / "site" / "pages" / "api").glob("*.md")}
    assert pages == {(tmp_path / f"site/pages/{page}").as_posix() for page in website.api_pages()}
    assert [page for page in website.api_pages() if settings.count(f" {page}\n") != 1] == []


def test_links_lead_to_pages_and_code_stays_as_it_is() -> None:
    text = "[a](../README.md#try-it) [b](../queries/README.md) `[c](../README.md)` [d](other)"
    relinked = "[a](index.md#try-it) [b](queries/README.md) `[c](../README.md)` [d](other)"
    assert website.relinked(text, "docs/install.md") == relinked
    deeper = "[plan](../plan.md) [works](../../analysis/plan/actions.toml)"
    assert website.relinked(deeper, "docs/accuracy/plan.md") == (
        "[plan](../plan.md) [works](../source/analysis/plan/actions.toml.md)"
    )


@pytest.mark.parametrize(
    "asks",
    [
        '<script src="https://cdn.example/x.js">',
        "<link rel=stylesheet href=//fonts.example/css>",
        '<img alt="x" src=http://example.org/a.png>',
        "@font-face{src:url(https://fonts.example/a.woff2)}",
    ],
)
def test_a_page_that_asks_another_host_is_found(asks: str, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="https://example.org">to click</a><img src="a.png"><script src=b.js></script>'
    )
    assert website.asked_of_others(tmp_path) == []
    (tmp_path / "b.html").write_text(asks)
    assert len(website.asked_of_others(tmp_path)) == 1


def test_every_section_that_is_cited_is_there() -> None:
    cited = {
        (page, section, path)
        for path in tracked()
        if path.suffix in {".py", ".sql", ".toml", ".md"} and path != Path(__file__)
        for page, section in CITED.findall(path.read_text(encoding="utf-8"))
    }
    assert CITED.findall("as docs/methods.md 5.3 has it") == [("methods", "5.3")]
    headings = {
        page: re.findall(r"^#+ (\d+(?:\.\d+)?)", _docs(page), flags=re.MULTILINE)
        for page in ("methods", "standards")
    }
    assert [one for one in sorted(cited) if one[1] not in headings[one[0]]] == []


def _docs(page: str) -> str:
    return (HOUSE / "docs" / f"{page}.md").read_text(encoding="utf-8")


def test_an_example_of_a_docstring_is_code() -> None:
    text = "Adds.\n\n>>> add(1, 2)[0][:1]\n3\n>>> add(0, 0)\n\nNever fails."
    wanted = "Adds.\n\n```pycon\n>>> add(1, 2)[0][:1]\n3\n>>> add(0, 0)\n```\n\nNever fails."
    assert examples.fenced(text) == wanted
    assert examples.fenced("No `>>>` here.") == "No `>>>` here."


def test_a_package_above_its_bound_is_named() -> None:
    declared = bounds.lower_bounds(HOUSE / "pyproject.toml")
    assert {"numpy", "dask", "pytest"} <= set(declared)
    assert list(bounds.above(declared, {name: f"{of}.0" for name, of in declared.items()})) == []
    excess = list(bounds.above({"numpy": "2.4"}, {"numpy": "2.40"}))
    assert excess == [
        "numpy: 2.4 is declared, 2.40 is the oldest that goes with the others; raise the bound"
    ]
