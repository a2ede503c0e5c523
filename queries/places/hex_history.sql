-- hex_history: How did drops and load of one hexagon of any level go, day by day?
-- reads: cell_day, cell_hex, hex_day
-- params: hex_text VARCHAR
-- returns: day_local DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, prb_dl_util_pct DOUBLE, prb_dl_util_bh_pct DOUBLE, n_cells_effective DOUBLE
-- grain: day_local
with part as (
    select cell_id, weight, valid_from, valid_to
    from cell_hex
    where in_hex(hex_id, $hex_text)
        and level = (select min(c.level) from cell_hex as c where c.level >= hex_level($hex_text))
),
busy as (
    -- each cell's own busy hour, in the footprint of the day
    select day_local,
        100 * sum(weight * bh_prb_dl_used_prb_s) / nullif(sum(weight * bh_prb_dl_avail_prb_s), 0) as bh_pct
    from part join cell_day using (cell_id)
    where coalesce(valid_from <= day_local, true) and coalesce(valid_to > day_local, true)
    group by day_local
)
select
    day_local,
    sum(call_attempts) as call_attempts,
    sum(dropped_calls) as dropped_calls,
    sum(dropped_calls) / nullif(sum(call_attempts), 0) as drop_rate,
    100 * sum(prb_dl_used_prb_s) / nullif(sum(prb_dl_avail_prb_s), 0) as prb_dl_util_pct,
    any_value(bh_pct) as prb_dl_util_bh_pct,
    -- of several hexagons it can't be computed from theirs
    if(count(*) = 1, max(n_cells_effective), null) as n_cells_effective
from hex_day left join busy using (day_local)
where in_hex(hex_id, $hex_text)
group by day_local
order by day_local
