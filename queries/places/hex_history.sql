-- hex_history: How did drops and load of one hexagon of any level go, day by day?
-- reads: hex_day
-- params: hex_text VARCHAR
-- returns: day_local DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, prb_dl_util_pct DOUBLE, n_cells_effective DOUBLE
-- grain: day_local
select
    day_local,
    sum(call_attempts) as call_attempts,
    sum(dropped_calls) as dropped_calls,
    sum(dropped_calls) / nullif(sum(call_attempts), 0) as drop_rate,
    100 * sum(prb_dl_used_prb_s) / nullif(sum(prb_dl_avail_prb_s), 0) as prb_dl_util_pct,
    -- of several hexagons it can't be computed from theirs
    if(count(*) = 1, max(n_cells_effective), null) as n_cells_effective
from hex_day
where in_hex(hex_id, $hex_text)
group by day_local
order by day_local
