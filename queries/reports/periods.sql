-- periods: Which weeks and months can be reported, how far does the data cover each, and what was counted in it?
-- reads: cell_day, change_point, intervention, place_rate, run
-- params: none
-- returns: period_grain VARCHAR, period_start DATE, period_end DATE, n_days BIGINT, n_days_known BIGINT, is_over BOOLEAN, n_cell_days BIGINT, call_attempts DOUBLE, dropped_calls DOUBLE, n_customer_figures BIGINT, n_customer_cases DOUBLE, n_changes BIGINT, n_interventions BIGINT
-- grain: period_grain, period_start
with customer as (
    -- the finest grid alone: a coarser one counts the same persons again
    select *, level = max(level) filter (place_type = 'hex')
            over (partition by metric, outcome_class, period_grain, period_start)
            and place_type = 'hex' as is_finest,
        if(metric in ('nps', 'rating_mean'), denominator, numerator) as n_cases
    from place_rate
    where shown = 'shown'
        and (metric in ('nps', 'call_drop_rate', 'rating_mean') or metric like 'complaints%')
),
said as (
    select period_grain, period_start, count(value) as n_figures,
        sum(round(n_cases)) filter (is_finest) as n_cases
    from customer
    group by period_grain, period_start
),
spoken as (
    select period_grain, period_start,
        cast(case period_grain when 'week' then period_start + 6 else last_day(period_start) end as date)
            as period_end,
        coalesce(n_figures, 0) as n_customer_figures, coalesce(n_cases, 0) as n_customer_cases
    from (select distinct period_grain, period_start from place_rate)
        left join said using (period_grain, period_start)
    where period_grain in ('week', 'month')
),
days as (
    select day_local, count(*) as n_cells, sum(call_attempts) as attempts, sum(dropped_calls) as drops
    from cell_day group by day_local
),
counted as (
    select spoken.*,
        coalesce(timezone(run.timezone, as_of_utc) >= period_end + 1, false) as is_over,
        count(day_local) as n_days_known,
        cast(coalesce(sum(n_cells), 0) as bigint) as n_cell_days,
        coalesce(sum(attempts), 0) as call_attempts, coalesce(sum(drops), 0) as dropped_calls
    from spoken cross join run left join days on day_local between period_start and period_end
    group by all
),
dated as (
    select cast(timezone(run.timezone, change_utc) as date) as day, 1 as change, 0 as intervention
    from change_point cross join run
    union all
    select cast(timezone(run.timezone, start_utc) as date), 0, 1 from intervention cross join run
)
select
    period_grain, period_start, period_end,
    date_diff('day', period_start, period_end) + 1 as n_days, n_days_known, is_over, n_cell_days,
    call_attempts, dropped_calls, n_customer_figures, n_customer_cases,
    cast(coalesce(sum(change), 0) as bigint) as n_changes,
    cast(coalesce(sum(intervention), 0) as bigint) as n_interventions
from counted left join dated on dated.day between period_start and period_end
group by all
order by period_grain, period_start
