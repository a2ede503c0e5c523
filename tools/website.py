"""Lays out the documentation site: docs/, the repository's own files, and the API.

`python -m tools.website FOLDER` writes FOLDER/pages and FOLDER/mkdocs.yml, which a site generator
builds (`make site`). Nothing is listed by hand: modules are those on disk, and a file outside docs/
becomes a page as soon as a page links to it. So pages can be read on a code host and on the site
alike, and neither drifts when files move. `python -m tools.website --asks FOLDER` refuses a built
site that would ask another host for something.
"""

import posixpath
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[1]
PARTS = ("hexperience", "app", "contracts", "geo", "ingest", "analysis", "views")
"""What the API shows, from the doors down."""

_DOCS, _FRONT = "docs/", "README.md"
_PAGES = (_FRONT, "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "queries/README.md")
"""Files outside docs/ that stand in the navigation."""

_LINK = re.compile(r"(?<=\]\()(?!\w+:|#|/)([^)#\s]+)(?=[)#])")
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
# a script, a style, a picture or a font of another host; a link to click asks for nothing
_ASKED = re.compile(
    r"""<(?:script|img|iframe)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b(?![^>]*rel=["']?canonical)[^>]*\bhref=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|url\(["']?(?:https?:)?//[^)]+"""
)
_LANGUAGES = {".sql": "sql", ".toml": "toml", ".py": "python", ".sh": "bash"}

Tree = dict[str, "str | Tree"]


def lay_out(folder: Path) -> None:
    """Writes the pages and the generator's settings into the folder, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HOUSE / "docs", folder / "pages")
    for uri, text in {**site_pages(), **api_pages()}.items():
        page = folder / "pages" / uri
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    settings = (HOUSE / "mkdocs.yml").read_text(encoding="utf-8")
    listed = "\n".join(["  - API:", *_listed(_tree(), 6)])
    (folder / "mkdocs.yml").write_text(f"{settings.rstrip()}\n{listed}\n", encoding="utf-8")


def asked_of_others(site: Path) -> list[str]:
    """What pages and styles of a built site would ask other hosts for; none = it stands alone."""
    pages = [path for ending in ("html", "css") for path in sorted(site.rglob(f"*.{ending}"))]
    return [
        f"{path.relative_to(site)}: {found.group()}"
        for path in pages
        for found in _ASKED.finditer(path.read_text(encoding="utf-8"))
    ]


# --- pages of the repository's files ------------------------------------------------------------


def site_pages() -> dict[str, str]:
    """Text of each page that is no module, by where it stands on the site."""
    docs = sorted((HOUSE / "docs").rglob("*.md"))
    waiting = [*_PAGES, *(path.relative_to(HOUSE).as_posix() for path in docs)]
    made = dict[str, str]()
    while waiting:
        path = waiting.pop()
        uri = uri_of(path)
        if uri not in made:
            text = _text(path)
            made[uri] = relinked(text, path)
            waiting += [other for other in _linked(text, path) if uri_of(other).endswith(".md")]
    return made


def uri_of(path: str) -> str:
    """Where on the site a file of the repository stands.

    `path`: relative to the repository, with slashes.

    >>> uri_of("docs/install.md"), uri_of("README.md"), uri_of("queries/why.sql")
    ('install.md', 'index.md', 'source/queries/why.sql.md')
    """
    if path == _FRONT:
        return "index.md"
    if path.startswith(_DOCS):
        return path.removeprefix(_DOCS) + "/index.md" * (HOUSE / path).is_dir()
    return path if path in _PAGES else f"source/{path.rstrip('/')}.md"


def relinked(text: str, path: str) -> str:
    """A file's text with links to other files as links to their pages; code stays as it is.

    `text`: Markdown. `path`: of the file it is from, as of `uri_of`; its links are relative to
    that.

    >>> relinked("[all](../README.md), `[x](../README.md)`", "docs/install.md")
    '[all](index.md), `[x](../README.md)`'
    """
    folder = posixpath.dirname(uri_of(path)) or "."

    def replaced(found: re.Match[str]) -> str:
        for other in _linked(f"]({found.group()})", path):
            return posixpath.relpath(uri_of(other), folder)
        return found.group()

    parts, end = list[str](), 0
    for code in _CODE.finditer(text):
        parts += [_LINK.sub(replaced, text[end : code.start()]), code.group()]
        end = code.end()
    return "".join([*parts, _LINK.sub(replaced, text[end:])])


def _linked(text: str, path: str) -> Iterator[str]:
    """Files of the repository that a file links to."""
    for link in _LINK.findall(_CODE.sub("", text)):
        other = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
        if not other.startswith("..") and (HOUSE / other).exists():
            yield other


def _text(path: str) -> str:
    """A Markdown page as it is; any other file, or each file of a folder, as code."""
    whole = HOUSE / path
    if whole.is_file():
        is_page = path in _PAGES or path.startswith(_DOCS)
        return whole.read_text(encoding="utf-8") if is_page else f"# {path}\n\n{_as_code(whole)}"
    files = [file for file in sorted(whole.iterdir()) if file.is_file()]
    if path.startswith(_DOCS):
        rows = [f"- [{_title(file)}]({whole.name}/{file.name})" for file in files]
        return "\n".join([f"# {whole.name.capitalize()}", "", *rows])
    return f"# {path}\n\n" + "\n".join(f"## {file.name}\n\n{_as_code(file)}" for file in files)


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")


def _as_code(file: Path) -> str:
    text = file.read_text(encoding="utf-8").rstrip()
    return f"````{_LANGUAGES.get(file.suffix, 'text')}\n{text}\n````\n"


# --- pages of the modules -----------------------------------------------------------------------


def api_pages() -> dict[str, str]:
    """A page for each module that has something to show."""
    return {_api(name): f"# {name}\n\n::: {name}\n" for name in modules()}


def modules() -> Iterator[str]:
    """Dotted names of our modules, as they stand on disk; empty ones left out."""
    for part in PARTS:
        for path in (HOUSE / f"{part}.py", *sorted((HOUSE / part).rglob("*.py"))):
            if path.is_file() and path.read_text(encoding="utf-8").strip():
                names = path.relative_to(HOUSE).with_suffix("").parts
                yield ".".join(name for name in names if name != "__init__")


def _api(name: str) -> str:
    return f"api/{name}.md"


def _tree() -> Tree:
    """The modules by part and room; a room's own words are its first page."""
    tree = Tree()
    names = set(modules())
    for name in modules():
        *rooms, last = name.split(".")
        below = tree
        for room in rooms:
            inner = below.setdefault(room, Tree())
            if isinstance(inner, str):
                raise ValueError(f"{name} lies in a module, not in a room")
            below = inner
        is_room = any(other.startswith(f"{name}.") for other in names)
        below[last] = Tree({"": _api(name)}) if is_room else _api(name)
    return tree


def _listed(tree: Mapping[str, "str | Tree"], indent: int) -> Iterator[str]:
    """The tree as lines of YAML."""
    for name, below in tree.items():
        if isinstance(below, dict):
            yield f"{' ' * indent}- {name}:"
            yield from _listed(below, indent + 4)
        else:
            yield f"{' ' * indent}- {name}: {below}" if name else f"{' ' * indent}- {below}"


if __name__ == "__main__":
    *asks, where = sys.argv[1:]
    if not asks:
        lay_out(Path(where))
    elif found := asked_of_others(Path(where)):
        sys.exit("the site asks other hosts:\n" + "\n".join(found))
