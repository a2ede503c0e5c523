-- failing_relations: Between which cells do handovers fail surely more often than in the whole network?
-- reads: neighbour
-- params: cell_id VARCHAR = NULL, times DOUBLE = 2, top INTEGER = 50
-- returns: cell_id VARCHAR, neighbour_cell_id VARCHAR, ho_exe_att BIGINT, ho_failed BIGINT, ho_fail_rate DOUBLE, ho_fail_rate_lo DOUBLE, ho_fail_rate_hi DOUBLE, network_fail_rate DOUBLE, ho_failed_excess DOUBLE, handover_share DOUBLE, period_start DATE, period_end DATE
-- grain: cell_id, neighbour_cell_id
-- the interval takes each handover for itself: handovers of one call to and fro make it too narrow, so a
-- relation is named only where all of it lies above `times` the network's rate
with counted as (
    select *, ho_exe_att - ho_exe_succ as ho_failed
    from neighbour where basis = 'handovers' and ho_exe_succ is not null
),
judged as (
    select
        *, ho_failed / ho_exe_att as ho_fail_rate,
        wilson_low(ho_failed, ho_exe_att) as ho_fail_rate_lo,
        wilson_high(ho_failed, ho_exe_att) as ho_fail_rate_hi,
        sum(ho_failed) over () / sum(ho_exe_att) over () as network_fail_rate
    from counted
)
select
    cell_id, neighbour_cell_id, ho_exe_att, ho_failed, ho_fail_rate, ho_fail_rate_lo,
    ho_fail_rate_hi, network_fail_rate,
    ho_failed - ho_exe_att * network_fail_rate as ho_failed_excess, handover_share,
    period_start, period_end
from judged
where ho_fail_rate_lo > $times * network_fail_rate and cell_id = coalesce($cell_id, cell_id)
order by ho_failed_excess desc, cell_id, neighbour_cell_id
limit $top
