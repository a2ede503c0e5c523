"""Answers as KML or KMZ, for Google Earth and other viewers: an outline or a point a row."""

import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import shapely

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>answer</name>\n'
    '<Style id="s"><LineStyle><color>ff9b6e2c</color><width>1</width></LineStyle>'
    "<PolyStyle><color>559b6e2c</color></PolyStyle></Style>\n"
)
_FOOT = "</Document></kml>\n"
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MADE = (2000, 1, 1, 0, 0, 0)


def kml(rows: pd.DataFrame, shapes: Iterable[Any]) -> bytes:
    """A KML document with a placemark for each row that has a place.

    `rows`: texts and numbers; a missing value is left out. `shapes`: the outline or point of each,
    in degrees; None or empty = it has none.
    """
    names = [str(name) for name in rows]
    marks = [
        _mark(dict(zip(names, values, strict=True)), shape)
        for values, shape in zip(rows.itertuples(index=False), shapes, strict=True)
        if shape is not None and not shape.is_empty
    ]
    return "".join([_HEAD, *marks, _FOOT]).encode()


def kmz(document: bytes) -> bytes:
    """A KML document as KMZ: zipped, with the same bytes for the same document.

    `document`: as `kml` makes it.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("doc.kml", _MADE), document, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _mark(values: dict[str, Any], shape: Any) -> str:
    known = {name: _text(value) for name, value in values.items() if not pd.isna(value)}
    title = next(iter(known.values()), "")
    data = "".join(
        f"<Data name={quoteattr(name)}><value>{text}</value></Data>" for name, text in known.items()
    )
    about = f"<styleUrl>#s</styleUrl><ExtendedData>{data}</ExtendedData>"
    return f"<Placemark><name>{title}</name>{about}{_shape(shape)}</Placemark>\n"


def _text(value: Any) -> str:
    return escape(_NO_XML.sub("", str(value)))


def _shape(shape: Any) -> str:
    if shape.geom_type == "Point":
        return f"<Point><coordinates>{_coordinates(shape)}</coordinates></Point>"
    parts = "".join(
        f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{_coordinates(part.exterior)}"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon>"
        for part in shapely.get_parts(shape)
    )
    return f"<MultiGeometry>{parts}</MultiGeometry>"


def _coordinates(line: Any) -> str:
    return " ".join(f"{lon:.7f},{lat:.7f}" for lon, lat in shapely.get_coordinates(line))
