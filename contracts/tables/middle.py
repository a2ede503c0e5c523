"""Tables that ingest makes of the sources."""

from contracts.tables.columns import ADDITIVE, BUSY_HOUR, COUNTED, TIME_WEIGHTED, names
from contracts.tables.table import Table

TABLES = [
    Table(
        "refused", "middle", "one fault of one source row",
        names("table_name source_file file_hash source_row column_name scope reason masked_value"),
        key=("table_name", "source_file", "source_row", "column_name"),
    ),
    Table(
        "cell_hex", "middle", "one cell's part in one hexagon, while its footprint is valid",
        names("cell_id hex_id level weight method valid_from valid_to"),
        key=("cell_id", "hex_id", "valid_from"),
    ),
    Table(
        "hex_place", "middle", "one hexagon at a level of the map",
        names("hex_id level lat lon region"), key=("hex_id",),
    ),
    Table(
        "hex_outline", "middle", "the outline of one hexagon of the map",
        names("hex_id outline_wkt"), key=("hex_id",),
    ),
    Table(
        "cell_hour", "middle", "one cell in one local clock hour",
        names("cell_id hour_start_utc day_local covered_s") + ADDITIVE + TIME_WEIGHTED
        + ("rsrp_p50_dbm",) + COUNTED,
        key=("cell_id", "hour_start_utc"), day_of="day_local",
    ),
    Table(
        "cell_day", "middle", "one cell on one local day",
        names("cell_id day_local covered_s n_hours") + ADDITIVE + TIME_WEIGHTED + BUSY_HOUR
        + ("rsrp_p50_dbm",) + COUNTED,
        key=("cell_id", "day_local"), day_of="day_local",
    ),
    Table(
        "hex_day", "middle", "one hexagon on one local day, by footprint weights",
        names("""hex_id level day_local call_attempts call_setups dropped_calls
            prb_dl_used_prb_s prb_dl_avail_prb_s dl_vol_kbit rrc_user_s n_cells
            n_cells_effective"""),
        key=("hex_id", "day_local"), day_of="day_local",
    ),
    Table(
        "complaint_counted", "middle",
        "one complaint that repeats none, in one hexagon of the level of complaint rates",
        names("""complaint_id person_key complaint_class complaint_type channel created_utc
            time_grain day_local hex_id weight"""),
        key=("complaint_id", "hex_id"), day_of="day_local",
    ),
    Table(
        "answer_counted", "middle",
        "the last survey answer of one person and wave, in a hexagon of the level of NPS",
        names("""response_id person_key survey_type answered_utc time_grain day_local score
            survey_weight hex_id"""),
        key=("response_id",), day_of="day_local",
    ),
]  # fmt: skip
