-- cell_history: How did drops and load of one cell go, day by day?
-- reads: cell_day
-- params: cell_id VARCHAR
-- returns: day_local DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, prb_dl_util_pct DOUBLE, prb_dl_util_bh_pct DOUBLE
-- grain: day_local
select
    day_local, call_attempts, dropped_calls,
    dropped_calls / nullif(call_attempts, 0) as drop_rate,
    100 * prb_dl_used_prb_s / nullif(prb_dl_avail_prb_s, 0) as prb_dl_util_pct,
    100 * bh_prb_dl_used_prb_s / nullif(bh_prb_dl_avail_prb_s, 0) as prb_dl_util_bh_pct
from cell_day
where cell_id = $cell_id
order by day_local
