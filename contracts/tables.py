"""Every table: what a row is, its columns, its key, and what must be there.

`check` holds a frame against its table and tells all faults at once. `dictionary` writes
docs/dictionary.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from contracts.errors import NothingFound
from contracts.fields import FIELDS, Field, pick

Layer = Literal["source", "middle", "finding", "log"]

_ARROW: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "UBIGINT": pa.uint64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}

_PANDAS: dict[str, Any] = {
    "VARCHAR": "str",
    "BIGINT": "float64",
    "INTEGER": "float64",
    "DOUBLE": "float64",
    "UBIGINT": "UInt64",
    "TIMESTAMPTZ": "datetime64[us, UTC]",
}


@dataclass(frozen=True)
class Table:
    """One table: its grain in words, its columns in order, its key and its required columns."""

    name: str
    layer: Layer
    grain: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    required: tuple[str, ...] = ()
    read_instead: tuple[str, ...] = ()
    """Columns a source may give in place of others; `ingest.clean` turns them into those."""
    day_of: str = ""
    """Time column whose local day partitions the table; empty = one partition."""
    filled: bool = True
    """False: the table is promised, and nothing fills it yet."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its columns' definitions, in order."""
        return pick(self.columns)

    @property
    def schema(self) -> pa.Schema:
        """Its columns as Arrow has them."""
        return pa.schema([(field.name, _ARROW[field.type]) for field in self.fields])

    def empty(self) -> pa.Table:
        """The table without rows, for SQL tests and absent sources."""
        return self.schema.empty_table()


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LINEAGE = _names("source_file file_hash source_row loaded_utc")
# counted as rows are cleaned, never read from a file
COUNTED = _names("n_values_missing n_resets")
_POSITION = _names("lat lon loc_method hex_id")

# counters that add over periods and cells
ADDITIVE = _names("""
    call_attempts call_setups dropped_calls v_rel_abn v_rel_norm rrc_att rrc_succ s1ng_att
    s1ng_succ bearer_att bearer_succ rel_abn_act rel_abn rel_norm session_time_s ho_prep_att
    ho_prep_succ ho_exe_att ho_exe_succ dl_vol_kbit ul_vol_kbit dl_thp_vol_kbit dl_thp_time_ms
    ul_thp_vol_kbit ul_thp_time_ms unavail_s unavail_planned_s""")
TIME_WEIGHTED = _names("""
    prb_dl_used_prb_s prb_dl_avail_prb_s prb_ul_used_prb_s prb_ul_avail_prb_s rrc_user_s
    rrc_covered_s""")
BUSY_HOUR = _names("""
    bh_hour_start_utc bh_prb_dl_used_prb_s bh_prb_dl_avail_prb_s bh_call_attempts
    bh_dropped_calls""")

_CHANGE = _names("""
    change_id place_type cell_id hex_id metric change_utc change_lo_utc change_hi_utc ramp_end_utc
    until_utc direction ratio ratio_lo ratio_hi drops_excess drops_excess_lo drops_excess_hi
    attribution attribution_note p_load load_share load_share_lo load_share_hi drops_load
    drops_other prb_before_pct prb_after_pct prb_per_traffic_ratio attempts_before attempts_after
    min_visible_ratio
    intervention_id
    first_reported_utc told_utc days_hash method_version unsafe_reason run_id""")

_TABLES = [
    Table(
        "cell", "source", "one radio cell in one period of validity",
        _names("""cell_id cell_name site_id site_name sector_id ecgi_or_ncgi operator technology
            band freq_mhz bandwidth_mhz scs_khz n_prb_dl enb_id pci tac lat lon azimuth_deg
            h_beamwidth_deg v_beamwidth_deg height_m tilt_elec_deg tilt_mech_deg power_dbm range_m
            cell_type vendor region district timezone valid_from valid_to known_as previous_cell_id
            stable_cell_key derived""") + LINEAGE,
        key=("cell_id", "valid_from"), required=("cell_id", "lat", "lon"),
    ),
    Table(
        "pm", "source", "one cell in one measuring period",
        _names("cell_id period_start_utc period_s") + ADDITIVE
        + _names("""prb_dl_used prb_dl_avail prb_ul_used prb_ul_avail prb_dl_util_pct
            prb_ul_util_pct rrc_users_mean rrc_users_max
            active_users_dl_mean delay_dl_ms pdcp_loss_dl_ppm ul_interference_dbm cqi_mean
            rsrp_p50_dbm suspect""") + COUNTED + LINEAGE,
        key=("cell_id", "period_start_utc", "period_s"),
        required=("cell_id", "period_start_utc", "period_s"),
        read_instead=("availability",),
        day_of="period_start_utc",
    ),
    Table(
        "call", "source", "one call or one report of a call",
        _names("""call_id subscriber_id start_utc time_grain end_utc duration_s call_type direction
            operator start_cell_id end_cell_id technology_start setup_time_s outcome release_cause
            release_cause_class mos rating_1to5 rsrp_dbm usage_place region""")
        + _POSITION + ("loc_accuracy_m",) + LINEAGE,
        key=("call_id",), required=("start_utc", "outcome"), day_of="start_utc",
    ),
    Table(
        "complaint", "source", "one complaint",
        _names("""complaint_id subscriber_id created_utc event_utc time_grain channel
            complaint_class complaint_type severity status resolved_utc is_repeat cell_id
            text_redacted""") + _POSITION + LINEAGE,
        key=("complaint_id",),
        required=("complaint_id", "created_utc", "complaint_class"),
        read_instead=("postcode", "place_text"), day_of="created_utc",
    ),
    Table(
        "nps", "source", "one survey answer",
        _names("""response_id subscriber_id survey_type wave invited_utc answered_utc time_grain
            score reason_code channel survey_weight stratum cell_id text_redacted""")
        + _POSITION + LINEAGE,
        key=("response_id",),
        required=("response_id", "survey_type", "answered_utc", "score"), day_of="answered_utc",
    ),
    Table(
        "nps_invite", "source", "one wave and stratum of invitations",
        _names("survey_type wave stratum n_invited n_delivered n_completed") + LINEAGE,
        key=("survey_type", "wave", "stratum"), required=("wave", "n_invited"),
    ),
    Table(
        "intervention", "source", "one work on one cell or site",
        _names("""intervention_id kind cell_id site_id start_utc end_utc status description
            cost_amount cost_currency expected_effect""") + LINEAGE,
        key=("intervention_id",), required=("intervention_id", "kind", "start_utc"),
    ),
    Table(
        "outage", "source", "one outage of one cell",
        _names("outage_id cell_id start_utc end_utc planned cause_class") + LINEAGE,
        key=("outage_id",), required=("outage_id", "cell_id", "start_utc"),
    ),
    Table(
        "subscriber_base", "source", "one place in one month",
        _names("place_type place_id month n_active_subscribers arpu") + LINEAGE,
        key=("place_type", "place_id", "month"),
        required=("place_type", "place_id", "month", "n_active_subscribers"),
    ),
    Table(
        "coverage", "source", "one pixel or hexagon of one cell's coverage",
        _names("cell_id lat lon hex_id pixel_weight") + LINEAGE,
        key=("cell_id", "lat", "lon", "hex_id"), required=("cell_id",),
        read_instead=("hex_text",),
    ),
    Table(
        "refused", "middle", "one fault of one source row",
        _names("table_name source_file file_hash source_row column_name scope reason masked_value"),
        key=("table_name", "source_file", "source_row", "column_name"),
    ),
    Table(
        "cell_hex", "middle", "one cell's part in one hexagon, while its footprint is valid",
        _names("cell_id hex_id level weight method valid_from valid_to"),
        key=("cell_id", "hex_id", "valid_from"),
    ),
    Table(
        "hex_place", "middle", "one hexagon at a level of the map",
        _names("hex_id level lat lon region"), key=("hex_id",),
    ),
    Table(
        "cell_hour", "middle", "one cell in one local clock hour",
        _names("cell_id hour_start_utc day_local covered_s") + ADDITIVE + TIME_WEIGHTED
        + ("rsrp_p50_dbm",) + COUNTED,
        key=("cell_id", "hour_start_utc"), day_of="day_local",
    ),
    Table(
        "cell_day", "middle", "one cell on one local day",
        _names("cell_id day_local covered_s n_hours") + ADDITIVE + TIME_WEIGHTED + BUSY_HOUR
        + ("rsrp_p50_dbm",) + COUNTED,
        key=("cell_id", "day_local"), day_of="day_local",
    ),
    Table(
        "hex_day", "middle", "one hexagon on one local day, by footprint weights",
        _names("""hex_id level day_local call_attempts call_setups dropped_calls
            prb_dl_used_prb_s prb_dl_avail_prb_s dl_vol_kbit rrc_user_s n_cells
            n_cells_effective"""),
        key=("hex_id", "day_local"), day_of="day_local",
    ),
    Table(
        "place_cell", "finding", "one cell's part of one place of the lists",
        _names("place_type place_id cell_id weight valid_from valid_to run_id"),
        key=_names("place_type place_id cell_id valid_from"),
    ),
    Table("change_point", "finding", "one dated change of one place", _CHANGE, key=("change_id",)),
    Table(
        "change_day", "finding", "one day of a change: counted and expected drops",
        _names("""change_id cell_id day_local call_attempts dropped_calls drops_usual
            drops_with_load run_id"""),
        key=("change_id", "day_local"),
    ),
    Table(
        "change_curve", "finding", "one step of load, before and after a change",
        _names("""change_id cell_id prb_pct drop_rate_before drop_rate_after drop_rate_curve
            run_id"""),
        key=("change_id", "prb_pct"),
    ),
    Table(
        "load_response", "finding", "one cell's drops against load in one month",
        _names("""cell_id month knee_pct knee_lo_pct knee_hi_pct slope method_version
            unsafe_reason run_id"""),
        key=("cell_id", "month"),
    ),
    Table(
        "place_rate", "finding", "one metric of one place in one period",
        _names("""place_type hex_id level cell_id region metric outcome_class period_grain
            period_start period_end numerator denominator value value_lo value_hi n_effective shown
            value_raw promoter_share detractor_share borrowed target p_worse standing
            method_version unsafe_reason run_id"""),
        key=_names(
            "place_type hex_id cell_id region metric outcome_class period_grain period_start"
        ),
    ),
    Table(
        "threshold", "finding", "one limit of the regulator's view, with its source",
        _names("threshold_name threshold_value unit meaning threshold_source run_id"),
        key=("threshold_name",),
    ),
    Table(
        "association", "finding", "one KPI, outcome and lag",
        _names("""kpi metric outcome_class lag_months coefficient coefficient_lo coefficient_hi
            per_drop p_adjusted n_places n_effective method_version unsafe_reason run_id"""),
        key=_names("kpi metric outcome_class lag_months"),
    ),
    Table(
        "hotspot", "finding", "one hexagon's standing among its neighbours",
        _names("""hex_id level metric period_start statistic p_adjusted verdict method_version
            run_id"""),
        key=_names("hex_id metric period_start"), filled=False,
    ),
    Table(
        "cause", "finding", "one change's likeliest cause",
        _names("change_id cause p_cause runner_up would_decide method_version run_id"),
        key=("change_id",), filled=False,
    ),
    Table(
        "priority", "finding", "one place in the list of what to look at first",
        _names("""place_type rank hex_id level cell_id site_id place_name region lat lon
            period_start period_end call_attempts dropped_calls drop_rate drop_rate_lo drop_rate_hi
            normal_rate drops_excess_month drops_excess_month_lo drops_excess_month_hi
            prb_dl_util_bh_pct complainants nps dominant_cell_id change_id change_utc reason
            drops_avoidable_month drops_avoidable_month_lo drops_avoidable_month_hi
            drops_avoidable_load drops_avoidable_other complainants_avoided complainants_avoided_lo
            complainants_avoided_hi detractors_avoided detractors_avoided_lo detractors_avoided_hi
            value_month value_month_lo value_month_hi rank_lo rank_hi p_top20 simple_rank
            in_top20_coarser in_top20_finer relief_cells n_cells_unknown persons_at_most
            action action_at cost_amount cost_currency costs_invented action_reach drops_per_cost
            drops_per_cost_lo drops_per_cost_hi value_per_cost value_per_cost_lo value_per_cost_hi
            cost_rank cost_rank_lo cost_rank_hi cost_p_top20 no_action_reason
            method_version unsafe_reason run_id"""),
        key=("place_type", "rank"),
    ),
    Table(
        "benefit", "finding", "one cell: what treating it would spare, and from what that follows",
        _names("""cell_id level_since level_until dropped_calls days_worth relief_pct avoidable_load
            avoidable_other drops_avoidable_month drops_avoidable_month_lo drops_avoidable_month_hi
            unknown_reason method_version run_id"""),
        key=("cell_id",),
    ),
    Table(
        "action_share", "finding", "one work that could be done, as it treats one cell",
        _names("""action cell_id action_at cost_amount cost_currency costs_invented avoidable_action
            method_version run_id"""),
        key=("action", "cell_id"),
    ),
    Table(
        "what_if", "finding", "one cell relieved of one share of its load",
        _names("""cell_id relief_pct drops_avoided_month drops_avoided_month_lo
            drops_avoided_month_hi complainants_avoided complainants_avoided_lo
            complainants_avoided_hi detractors_avoided detractors_avoided_lo detractors_avoided_hi
            is_beyond_seen method_version run_id"""),
        key=("cell_id", "relief_pct"),
    ),
    Table(
        "lineage", "finding", "one source file's accepted rows of one day",
        _names("table_name day_local source_file file_hash n_rows run_id"),
        key=("table_name", "day_local", "source_file"),
    ),
    Table(
        "plan", "finding", "one work in a plan for one budget",
        _names("""budget plan_number action place_type cell_id sector_id site_id region lat lon
            cost_amount cost_currency crew_weeks benefit_month benefit_month_lo benefit_month_hi
            p_in_plan reason method_version run_id"""),
        key=_names("budget plan_number action cell_id sector_id site_id"),
    ),
    Table(
        "plan_budget", "finding", "one plan for one budget, as a whole",
        _names("""budget plan_number n_options n_works cost_amount cost_currency costs_invented
            crew_weeks benefit_month benefit_month_lo benefit_month_hi optimality_gap
            method_version unsafe_reason run_id"""),
        key=("budget", "plan_number"),
    ),
    Table(
        "plan_limit", "finding", "what one limit costs the best plan for one budget",
        _names("""budget limit_name region limit_amount used_amount benefit_lost_month
            method_version run_id"""),
        key=("budget", "limit_name", "region"),
    ),
    Table(
        "effect", "finding", "one work's measured result",
        _names("""intervention_id metric predicted realised realised_lo realised_hi p_value
            method_version unsafe_reason run_id"""),
        key=("intervention_id", "metric"), filled=False,
    ),
    Table(
        "survey_response", "finding", "one survey wave and stratum: who was asked, who answered",
        _names("""survey_type wave stratum n_invited n_delivered n_completed n_answers shown
            run_id"""),
        key=("survey_type", "wave", "stratum"),
    ),
    Table(
        "quality", "finding", "one check of what went in, in words",
        _names("table_name check_name verdict message run_id"), key=("table_name", "check_name"),
    ),
    Table(
        "cell_quality", "finding", "one check that one cell's day does not pass",
        _names("cell_id day_local check_name verdict message run_id"),
        key=("cell_id", "day_local", "check_name"),
    ),
    Table(
        "receipt", "finding", "one source's rows, read = accepted + refused",
        _names("table_name n_read n_accepted n_refused n_values_missing run_id"),
        key=("table_name",),
    ),
    Table(
        "run", "finding", "the run that made these tables",
        _names("run_id operator_name timezone level as_of_utc software_version schema_version"),
        key=("run_id",),
    ),
    Table(
        "acknowledgement", "log", "one entry of the log of acknowledgements, beside the marts",
        _names("""entry_id subject_type subject_id ack_status ack_owner ack_comment ack_by ack_utc
            is_newest"""),
        key=("entry_id",),
    ),
]  # fmt: skip

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
SOURCES: tuple[str, ...] = tuple(t.name for t in _TABLES if t.layer == "source")
PUBLISHED: tuple[str, ...] = (
    "cell", "intervention", "cell_hex", "hex_place", "cell_day", "hex_day",
    *(t.name for t in _TABLES if t.layer == "finding" and t.filled),
)  # fmt: skip
"""Tables of the released marts; persons' rows and refused rows are not among them."""

SCHEMA_VERSION = 4
"""Raised with each release that changes tables or the warehouse's layout; table `run` carries it.

1: until 0.1. 2: footprints with validity, regions, coverage; the warehouse notes its schema.
3: benefits, plans, costs of places, lineage, verdicts on cells' days; rates borrow from their
surroundings.
"""

# A pm row says something only with one of these pairs.
PAIRS = (
    ("call_attempts", "dropped_calls"),
    ("rel_norm", "rel_abn_act"),
    ("prb_dl_avail", "prb_dl_used"),
)


def table(name: str) -> Table:
    """The table of that name; raises NothingFound with the known names."""
    if name not in TABLES:
        raise NothingFound(f"no table '{name}'; there are: {', '.join(TABLES)}")
    return TABLES[name]


def check(frame: pd.DataFrame, of: Table) -> list[str]:
    """All faults of a frame held against its table, in words; none = it keeps its promise."""
    missing = [c for c in of.columns if c not in frame]
    unknown = [str(c) for c in frame if c not in of.columns]
    faults = [f"{of.name}.{c}: missing" for c in missing]
    faults += [f"{of.name}.{c}: not a column of this table" for c in unknown]
    for name in _suspects(frame, of):
        faults += [f"{of.name}.{name}: {fault}" for fault in _faults(frame, FIELDS[name])]
    if not missing and (n := int(frame.duplicated(list(of.key)).sum())):
        faults.append(f"{of.name}: {n} rows repeat the key ({', '.join(of.key)})")
    return faults


def _suspects(frame: pd.DataFrame, of: Table) -> list[str]:
    """Columns that may be at fault: all numbers within bounds are cleared in one sweep."""
    held = [field for field in of.fields if field.name in frame]
    numbers = frame[[field.name for field in held if field.is_number]].select_dtypes("number")
    bounds = pick(numbers.columns)
    low = np.array([-np.inf if field.low is None else field.low for field in bounds])
    high = np.array([np.inf if field.high is None else field.high for field in bounds])
    # a column without any value is sound: NaN is neither below nor above
    broken = (numbers.min().to_numpy(float, na_value=np.nan) < low) | (
        numbers.max().to_numpy(float, na_value=np.nan) > high
    )
    sound = {field.name for field, bad in zip(bounds, broken, strict=True) if not bad}
    return [f.name for f in held if f.name not in sound and (f.is_number or f.choices)]


def _faults(frame: pd.DataFrame, field: Field) -> Iterator[str]:
    values = frame[field.name].dropna()
    if values.empty:
        return
    if field.is_number and not pd.api.types.is_numeric_dtype(values):
        yield f"{values.dtype}, should be {field.type}"
    elif field.is_number:
        low = values[values < field.low] if field.low is not None else values.iloc[:0]
        high = values[values > field.high] if field.high is not None else values.iloc[:0]
        if len(low):
            yield f"{len(low)} values below {field.low:g} (first: {low.iloc[0]})"
        if len(high):
            yield f"{len(high)} values above {field.high:g} (first: {high.iloc[0]})"
    if field.choices and (odd := sorted(set(values) - set(field.choices))):
        yield f"{', '.join(map(str, odd[:3]))} not among {', '.join(field.choices)}"


def assemble(parts: Iterable[pd.DataFrame], of: Table) -> pd.DataFrame:
    """All parts under each other as one table, absent columns missing, in the key's order."""
    # each part is cast by itself: a hexagon beside a missing one would become a float
    cast = [_cast(part, of) for part in (of.empty().to_pandas(), *parts)]
    whole = pd.concat(cast, ignore_index=True)
    return whole.sort_values(list(of.key), ignore_index=True)


def _cast(part: pd.DataFrame, of: Table) -> pd.DataFrame:
    columns = {}
    for field in of.fields:
        values = part.get(field.name, pd.Series(None, index=part.index, dtype="object"))
        columns[field.name] = values.astype(_PANDAS.get(field.type, values.dtype))
    return pd.DataFrame(columns, index=part.index)


def to_arrow(frame: pd.DataFrame, of: Table) -> pa.Table:
    """The frame as an Arrow table with the contract's columns, types and order."""
    columns = [
        pa.Array.from_pandas(frame[field.name], type=_ARROW[field.type]) for field in of.fields
    ]
    return pa.Table.from_arrays(columns, schema=of.schema)


def dictionary() -> str:
    """Every table and column in Markdown, as docs/dictionary.md holds it."""
    return "\n".join([*_head(), *(line for of in _TABLES for line in _page(of))])


def _head() -> list[str]:
    return [
        "# Dictionary",
        "",
        "Made from `contracts/` by `make docs`; do not edit. Times are UTC. A KPI is the sum of "
        "its numerators over the sum of its denominators, at any level.",
        "",
    ]


def _page(of: Table) -> list[str]:
    promise = "" if of.filled else " **Promised; nothing fills it yet.**"
    lines = [f"## {of.name}", "", f"{of.layer.capitalize()} table: {of.grain}.{promise}"]
    lines += [f"Key: {', '.join(f'`{c}`' for c in of.key)}.", ""]
    lines += ["| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
    lines += [_line(field, of) for field in of.fields]
    lines += [_line(field, of) for field in pick(of.read_instead)]
    return [*lines, ""]


def _line(field: Field, of: Table) -> str:
    must = " Required." if field.name in of.required else ""
    choices = f" One of: {', '.join(field.choices)}." if field.choices else ""
    return f"| {field.name} | {field.type} | {field.unit} | {field.meaning}{choices}{must} |"
