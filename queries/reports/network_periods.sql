-- network_periods: How did the whole network's drop rate go up to one week or month, and is each step beyond chance?
-- reads: cell_day, place_rate
-- params: period_grain VARCHAR, period_start DATE, top INTEGER = 13
-- returns: period_start DATE, period_end DATE, n_days_known BIGINT, n_cells BIGINT, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, previous_rate DOUBLE, difference DOUBLE, difference_lo DOUBLE, difference_hi DOUBLE, step VARCHAR, availability DOUBLE, prb_dl_util_bh_pct DOUBLE, unsafe_reason VARCHAR
-- grain: period_start
with rated as (
    select period_start, period_end, numerator, denominator, value, value_lo, value_hi, unsafe_reason
    from place_rate
    where place_type = 'network' and metric = 'drop_rate' and period_grain = $period_grain
        and period_start <= cast($period_start as date)
),
paired as (
    -- only the period right before is compared with
    select now.*, before.value as previous, before.value_lo as previous_lo,
        before.value_hi as previous_hi
    from rated as now left join rated as before
        on now.period_start = before.period_start
            + case $period_grain when 'week' then interval 7 days else interval 1 month end
),
compared as (
    -- interval of a difference from two score intervals (Newcombe 1998, method 10)
    select *, value - previous as difference,
        value - previous - sqrt((value - value_lo) ** 2 + (previous_hi - previous) ** 2) as difference_lo,
        value - previous + sqrt((value_hi - value) ** 2 + (previous - previous_lo) ** 2) as difference_hi
    from paired
),
counted as (
    select rated.period_start, count(distinct day_local) as n_days_known,
        count(distinct cell_id) as n_cells,
        round(1 - sum(unavail_s) / nullif(sum(covered_s), 0), 6) as availability,
        round(100 * sum(bh_prb_dl_used_prb_s) / nullif(sum(bh_prb_dl_avail_prb_s), 0), 6) as prb_bh_pct
    from rated join cell_day on day_local between rated.period_start and rated.period_end
    group by rated.period_start
)
select
    compared.period_start, period_end, n_days_known, n_cells, denominator as call_attempts,
    numerator as dropped_calls, value as drop_rate, value_lo as drop_rate_lo,
    value_hi as drop_rate_hi, previous as previous_rate, difference, difference_lo, difference_hi,
    case when difference_lo > 0 then 'worse' when difference_hi < 0 then 'better'
        when difference is not null then 'same' end as step,
    availability, prb_bh_pct as prb_dl_util_bh_pct, unsafe_reason
from compared left join counted using (period_start)
order by period_start desc
limit $top
