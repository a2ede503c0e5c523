"""Workbooks as Excel writes them, built part by part, for tests and spoilt files."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DAY, TIME, ZEROS, LONG = 1, 2, 3, 4
"""Styles: a day, a day with its time, five digits, a length of time."""

Cell = str | float | bool | None | tuple[str, object, int] | tuple[str, object]
"""A text, number, flag; or what stands in the cell: type, value, style. None = no cell."""


def written(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    hidden: Sequence[str] = (),
    merged: Sequence[str] = (),
    from_1904: bool = False,
    to_compute: bool = False,
    texts: Sequence[str] = (),
) -> bytes:
    """A workbook.

    `sheets`: rows by name. `hidden`: names of sheets that nobody sees. `merged`: ranges such as
    A1:B2, in every sheet. `from_1904`: whether days are counted from 1904. `to_compute`: whether
    its writer left all formulas to Excel. `texts`: XML of the shared texts.
    """
    names = "".join(
        f"<sheet name={quoteattr(name)} sheetId='{n}' r:id='rId{n}'"
        + (" state='hidden'/>" if name in hidden else "/>")
        for n, name in enumerate(sheets, 1)
    )
    properties = "<workbookPr date1904='1'/>" if from_1904 else "<workbookPr/>"
    calculation = "<calcPr fullCalcOnLoad='1'/>" if to_compute else ""
    relations = "".join(
        f"<Relationship Id='rId{n}' Type='{_RELATION}/worksheet' Target='worksheets/s{n}.xml'/>"
        for n in range(1, len(sheets) + 1)
    )
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f"<workbook {_MAIN} xmlns:r='{_RELATION}'>{properties}"
        f"<sheets>{names}</sheets>{calculation}</workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
        "xl/styles.xml": f"<styleSheet {_MAIN}><numFmts>"
        "<numFmt numFmtId='164' formatCode='dd/mm/yyyy\\ hh:mm;@'/>"
        "<numFmt numFmtId='165' formatCode='00000'/><numFmt numFmtId='166' formatCode='[h]:mm'/>"
        "</numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='164'/>"
        "<xf numFmtId='165'/><xf numFmtId='166'/></cellXfs></styleSheet>",
        "xl/sharedStrings.xml": f"<sst {_MAIN}>{''.join(texts)}</sst>",
    }
    for n, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/s{n}.xml"] = _sheet(rows, merged)
    with zipfile.ZipFile(out := BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _sheet(rows: Sequence[Sequence[Cell]], merged: Sequence[str]) -> str:
    lines = [
        f"<row r='{n}'>{''.join(_cell(n, m, cell) for m, cell in enumerate(row))}</row>"
        for n, row in enumerate(rows, 1)
        if row
    ]
    ranges = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    below = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    return f"<worksheet {_MAIN}><sheetData>{''.join(lines)}</sheetData>{below}</worksheet>"


def _cell(row: int, column: int, cell: Cell) -> str:
    place = f"r='{chr(65 + column)}{row}'"
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return f"<c {place} t='b'><v>{int(cell)}</v></c>"
    if isinstance(cell, str):
        return f"<c {place} t='inlineStr'><is><t>{escape(cell)}</t></is></c>"
    if isinstance(cell, tuple):
        kind, value, style = (*cell, 0)[:3]
        if kind == "f":
            return f"<c {place}><f>A1+1</f>{'' if value is None else f'<v>{value}</v>'}</c>"
        return f"<c {place} t='{kind}' s='{style}'><v>{value}</v></c>"
    return f"<c {place}><v>{cell!r}</v></c>"
