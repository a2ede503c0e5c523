"""Large XML files element by element: bounded in memory, without entities, DTD or network."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter, methodcaller
from pathlib import Path
from typing import Any

from lxml import etree

from contracts.source import Source
from ingest.containers import paths
from ingest.containers.streams import BROKEN
from ingest.sources.delimited import CUT_OFF

# one object's counters take some ten thousand bytes
_STRANGE_BYTES = 1 << 22
_BEFORE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s+|<\?(?!xml\s)[^?]*\?>|<!--.{0,4000}?-->)+(?=<\?xml\s)", re.DOTALL
)
_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_blank_text": True,
    "remove_comments": True,
    "remove_pis": True,
}
_PARENT, _TAG = methodcaller("getparent"), attrgetter("tag")


class NotReadable(ValueError):
    """No XML of the kind its source says, or one that no honest sender writes."""


UNREADABLE = (NotReadable, OSError, *BROKEN)


class Stream:
    """The elements of some names in one file, plain or gzip, each when it is whole.

    `path`: the file. `source`: how large it may be. `roots`: names its root may have. `names`:
    names of the elements wanted. `full_of`: name of a parent -> the name of all that follows a
    first child of that name; looking at each name is slow.

    Iterating yields (local name, elements) in the order of their ends, whatever namespace or
    prefix: neighbours of one name in one parent, as many as some ten thousand bytes hold. What
    stands before them is gone soon after. `broken` then says where and why the file stops being
    XML, "" if it does not: what stood before was yielded. NotReadable for another root, for
    entities of the file's own, for more than `max_gigabytes` unpacked and for 4 MB without any of
    these elements; OSError or zlib.error where it can't be unpacked.
    """

    def __init__(
        self,
        path: Path,
        source: Source,
        *,
        roots: Iterable[str],
        names: Iterable[str],
        full_of: Mapping[str, str] | None = None,
    ) -> None:
        self._path, self._roots, self._names = path, set(roots), set(names)
        self._full_of = full_of or {}
        self._limit = source.max_gigabytes
        self._known: dict[str, str] = {}
        self.broken = ""

    def __iter__(self) -> Iterator[tuple[str, list[Any]]]:
        parser = etree.XMLPullParser(("end",), tag=[f"{{*}}{n}" for n in self._names], **_SAFE)
        for _ in self._fed(parser):
            ended = [element for _, element in parser.read_events()]
            for parent, inside in groupby(ended, _PARENT):
                yield from self._alike(parent, list(inside))
            if ended:
                self._strange = 0
                _forget_before(ended[-1])
        if self.broken and not self._known:
            raise NotReadable(self.broken)

    def _fed(self, parser: Any) -> Iterator[None]:
        """Feeds the parser piece by piece, up to where the file ends or breaks."""
        try:
            for chunk in self._chunks():
                parser.feed(chunk)
                yield
            self._refuse_strangers(parser.close())
        except EOFError as error:
            self.broken = f"no XML from here on ({error})" + CUT_OFF
        except etree.XMLSyntaxError as error:
            # errors of namespaces do not matter
            errors = [one for one in parser.feed_error_log if one.domain_name != "NAMESPACE"]
            if errors or not self._at_end:
                first = f"{errors[0].message}, line {errors[0].line}" if errors else error.args[0]
                self.broken = f"no XML from here on ({first})" + CUT_OFF * self._at_end
        yield

    def _alike(self, parent: Any, elements: list[Any]) -> Iterator[tuple[str, list[Any]]]:
        """Name and neighbours of that name, of elements inside one parent."""
        name = self._name(elements[0])
        if parent is not None and self._full_of.get(local(parent)) == name:
            yield name, elements
            return
        for _, alike in groupby(elements, _TAG):
            neighbours = list(alike)
            yield self._name(neighbours[0]), neighbours

    def _name(self, element: Any) -> str:
        return self._known.get(element.tag) or self._met(element)

    def _met(self, element: Any) -> str:
        if not self._known:
            self._refuse_strangers(element.getroottree().getroot())
        self._known[element.tag] = name = local(element)
        return name

    def _refuse_strangers(self, root: Any) -> None:
        if local(root) not in self._roots:
            roots = " or ".join(sorted(self._roots))
            raise NotReadable(f"its root is {local(root)}, not {roots}; see [[source]] reader")
        dtd = root.getroottree().docinfo.internalDTD
        if dtd is not None and any(True for _ in dtd.iterentities()):
            raise NotReadable("it declares entities of its own, which no such file needs")

    def _chunks(self) -> Iterator[bytes]:
        """The file's bytes, piece by piece, as far as an honest file goes."""
        self._strange, size, self._at_end = 0, 0, False
        for chunk in _from_declaration(paths.unpacked(self._path, self._limit)):
            size += len(chunk)
            self._strange += len(chunk)
            if self._strange > _STRANGE_BYTES:
                fault = f"{_STRANGE_BYTES >> 20} MB before byte {size:,} hold no"
                raise NotReadable(f"{fault} {', '.join(sorted(self._names))}; split or mend it")
            yield chunk
        self._at_end = True


def _from_declaration(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes without what some write before the XML declaration, where none may stand."""
    start = next(pieces, b"")
    before = _BEFORE.match(start)
    yield start[before.end() :] if before else start
    yield from pieces


def local(element: Any) -> str:
    """Name of an `element` without namespace and prefix; "" of what is no element."""
    if not isinstance(element.tag, str):
        return ""
    # an undeclared prefix stays in the tag
    return element.tag.rpartition("}")[2].rpartition(":")[2]


def _forget_before(element: Any) -> None:
    # the element itself stays: the parser hangs what follows on it
    while (parent := element.getparent()) is not None:
        del parent[: parent.index(element)]
        element = parent
