-- hex_changes: Which dated changes lie behind one hexagon's history: its cells', or its own?
-- reads: cell_day, cell_hex, change_point
-- params: hex_text VARCHAR, min_weight DOUBLE = 0
-- returns: change_id VARCHAR, cell_id VARCHAR, hex_text VARCHAR, weight DOUBLE, change_utc TIMESTAMPTZ, change_lo_utc TIMESTAMPTZ, change_hi_utc TIMESTAMPTZ, until_utc TIMESTAMPTZ, direction VARCHAR, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, attribution VARCHAR, prb_before_pct DOUBLE, prb_after_pct DOUBLE, prb_per_traffic_ratio DOUBLE, load_moved_by VARCHAR, drops_excess_here DOUBLE, intervention_id VARCHAR
-- grain: change_id
with newest as (
    select max(day_local) as last_day from cell_day
),
here as (
    -- the footprints of the newest day
    select cell_id, sum(weight) as weight
    from cell_hex cross join newest
    where in_hex(hex_id, $hex_text)
        and level = (select min(c.level) from cell_hex as c where c.level >= hex_level($hex_text))
        and holds_on(valid_from, valid_to, last_day)
    group by cell_id
),
found as (
    select change_point.*, here.weight from change_point join here using (cell_id)
    union all
    -- of positioned calls, where there are no counters
    select change_point.*, cast(1 as double) from change_point
    where place_type = 'hex' and in_hex(hex_id, $hex_text)
)
select
    change_id, cell_id, lower(to_hex(hex_id)) as hex_text, weight, change_utc, change_lo_utc,
    change_hi_utc, until_utc, direction, ratio, ratio_lo, ratio_hi, attribution, prb_before_pct,
    prb_after_pct, prb_per_traffic_ratio, load_moved_by, weight * drops_excess as drops_excess_here,
    intervention_id
from found
where weight >= $min_weight
order by change_utc, change_id
