"""The dictionary of tables and columns, as docs/dictionary.md holds it."""

from contracts.fields import Field, pick
from contracts.tables import TABLES
from contracts.tables.table import Table


def dictionary() -> str:
    """Every table and column in Markdown, as docs/dictionary.md holds it."""
    return "\n".join([*_head(), *(line for table in TABLES.values() for line in _page(table))])


def _head() -> list[str]:
    return [
        "# Dictionary",
        "",
        "Made from `contracts/` by `make docs`; do not edit. Times are UTC. A KPI is the sum of "
        "its numerators over the sum of its denominators, at any level.",
        "",
    ]


def _page(table: Table) -> list[str]:
    promise = "" if table.filled else " **Promised; nothing fills it yet.**"
    lines = [f"## {table.name}", "", f"{table.layer.capitalize()} table: {table.grain}.{promise}"]
    lines += [f"Key: {', '.join(f'`{c}`' for c in table.key)}.", ""]
    lines += ["| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
    lines += [_line(field, table) for field in table.fields]
    lines += [_line(field, table) for field in pick(table.read_instead)]
    return [*lines, ""]


def _line(field: Field, table: Table) -> str:
    must = " Required." if field.name in table.required else ""
    choices = f" One of: {', '.join(field.choices)}." if field.choices else ""
    return f"| {field.name} | {field.type} | {field.unit} | {field.meaning}{choices}{must} |"
