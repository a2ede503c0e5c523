-- hex_changes: Which dated changes lie behind one hexagon's history: its cells', or its own?
-- reads: cell_day, cell_hex, change_point
-- params: hex_text VARCHAR, min_weight DOUBLE = 0
-- returns: change_id VARCHAR, cell_id VARCHAR, hex_text VARCHAR, weight DOUBLE, change_utc TIMESTAMPTZ, change_lo_utc TIMESTAMPTZ, change_hi_utc TIMESTAMPTZ, until_utc TIMESTAMPTZ, direction VARCHAR, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, attribution VARCHAR, prb_before_pct DOUBLE, prb_after_pct DOUBLE, drops_excess_here DOUBLE, intervention_id VARCHAR
-- grain: change_id
with given as (
    select try_cast('0x' || $hex_text as ubigint) as id
),
chosen as (
    -- an H3 index has its level in bits 52 to 55, and 7 for each digit finer than that
    select id, (id >> 52) & 15 as level,
        (((id >> 52) & 15) << 52) | ((1::ubigint << (45 - 3 * ((id >> 52) & 15))::ubigint) - 1) as stamp
    from given
),
newest as (
    select max(day_local) as last_day from cell_day
),
here as (
    -- the footprints of the newest day
    select cell_id, sum(weight) as weight
    from cell_hex cross join chosen cross join newest
    where ((hex_id & 18379190079298994175) | stamp) = id
        and cell_hex.level = (select min(c.level) from cell_hex as c where c.level >= chosen.level)
        and coalesce(valid_from <= last_day, true)
        and coalesce(valid_to > last_day, true)
    group by cell_id
),
found as (
    select change_point.*, here.weight from change_point join here using (cell_id)
    union all
    -- of positioned calls, where there are no counters
    select change_point.*, cast(1 as double) from change_point cross join chosen
    where place_type = 'hex' and ((hex_id & 18379190079298994175) | stamp) = id
)
select
    change_id, cell_id, lower(to_hex(hex_id)) as hex_text, weight, change_utc, change_lo_utc,
    change_hi_utc, until_utc, direction, ratio, ratio_lo, ratio_hi, attribution, prb_before_pct, prb_after_pct,
    weight * drops_excess as drops_excess_here, intervention_id
from found
where weight >= $min_weight
order by change_utc, change_id
