"""Every column once: name, type, unit, bounds, meaning.

The dictionary in the docs, the comments in DuckDB, the empty tables of the SQL tests and the
legends of the map are made from here. Types are DuckDB's. A bound that a value breaks makes the
value impossible: `ingest.clean` refuses it.
"""

from collections.abc import Iterable

from contracts.fields import (
    acknowledged,
    causes,
    changes,
    counters,
    effects,
    events,
    kpis,
    lineage,
    metrics,
    neighbours,
    outlook,
    places,
    plans,
    priority,
    rates,
    rolled,
    runs,
    times,
)
from contracts.fields.field import Field as Field

_ALL = [
    *places.FIELDS,
    *times.FIELDS,
    *counters.FIELDS,
    *neighbours.FIELDS,
    *events.FIELDS,
    *lineage.FIELDS,
    *rolled.FIELDS,
    *metrics.FIELDS,
    *rates.FIELDS,
    *kpis.FIELDS,
    *changes.FIELDS,
    *causes.FIELDS,
    *effects.FIELDS,
    *outlook.FIELDS,
    *priority.FIELDS,
    *runs.FIELDS,
    *acknowledged.FIELDS,
    *plans.FIELDS,
]

FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
METRICS: tuple[str, ...] = tuple(field.name for field in metrics.FIELDS)


def pick(names: Iterable[str]) -> tuple[Field, ...]:
    """Fields of these names, in their order.

    `names`: columns of FIELDS; KeyError for any other.
    """
    return tuple(FIELDS[name] for name in names)
