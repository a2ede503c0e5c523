-- hex_history: How did drops and load of one hexagon go, day by day?
-- reads: hex_day
-- params: hex_text VARCHAR
-- returns: day_local DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, prb_dl_util_pct DOUBLE, n_cells_effective DOUBLE
-- grain: day_local
select
    day_local, call_attempts, dropped_calls,
    dropped_calls / nullif(call_attempts, 0) as drop_rate,
    100 * prb_dl_used_prb_s / nullif(prb_dl_avail_prb_s, 0) as prb_dl_util_pct,
    n_cells_effective
from hex_day
where lower(to_hex(hex_id)) = $hex_text
order by day_local
