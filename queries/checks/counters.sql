-- counters: Which cell days count what cannot be?
-- reads: cell_day
-- params: none
-- returns: cell_id VARCHAR, day_local DATE, reason VARCHAR
-- grain: cell_id, day_local
with judged as (
    select cell_id, day_local, case
        when bh_call_attempts > call_attempts + 1e-6 then 'busy hour has more calls than its day'
        when bh_dropped_calls > dropped_calls + 1e-6 then 'busy hour has more drops than its day'
        -- a mean of rounded shares may pass the whole by 2 %
        when prb_dl_used_prb_s > 1.02 * prb_dl_avail_prb_s + 1e-6 then 'more downlink PRB used than there are'
        when prb_ul_used_prb_s > 1.02 * prb_ul_avail_prb_s + 1e-6 then 'more uplink PRB used than there are'
        when unavail_s > covered_s + 1e-6 then 'unavailable for longer than measured'
        end as fault
    from cell_day
)
select cell_id, day_local, concat('cell ', cell_id, ' on ', day_local, ': ', fault) as reason
from judged
where fault is not null
order by cell_id, day_local
