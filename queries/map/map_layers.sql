-- map_layers: What can be drawn on the map, and for which periods?
-- reads: cell_day, kpi, place_rate
-- params: none
-- returns: metric VARCHAR, outcome_class VARCHAR, period_grain VARCHAR, period_start DATE, period_end DATE, level INTEGER, n_hexes BIGINT, n_shown BIGINT, n_days BIGINT, n_days_known BIGINT, kpi_name VARCHAR, family VARCHAR, kpi_unit VARCHAR, better VARCHAR
-- grain: metric, outcome_class, period_grain, period_start, level
with layer as (
    select
        metric, outcome_class, period_grain, period_start, max(period_end) as period_end, level,
        count(*) as n_hexes, count(value) as n_shown
    from place_rate
    where place_type = 'hex'
    group by metric, outcome_class, period_grain, period_start, level
),
span as (
    -- a week or month whose counters are known on a part of its days only is marked as such
    select period_grain, period_start,
        case period_grain when 'week' then period_start + 6
            when 'month' then last_day(period_start) end as last_day
    from (select distinct period_grain, period_start from layer)
),
known as (
    select period_grain, period_start, date_diff('day', period_start, last_day) + 1 as n_days,
        count(day_local) as n_days_known
    from span left join (select distinct day_local from cell_day) as day
        on day_local between period_start and last_day
    group by all
)
select
    metric, outcome_class, period_grain, period_start, period_end, level, n_hexes, n_shown, n_days,
    -- of what persons said the counters know nothing
    case when kpi is not null or metric in ('drop_rate', 'drops_excess_month', 'prb_dl_util_bh_pct')
        then n_days_known end as n_days_known,
    kpi_name, family, kpi_unit, better
from layer left join known using (period_grain, period_start) left join kpi on kpi = metric
order by metric, outcome_class, period_grain, period_start desc, level
