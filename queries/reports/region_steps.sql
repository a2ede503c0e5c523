-- region_steps: How do the network and each region do in one week or month, beside the one before, four weeks or a month earlier, and the year before?
-- reads: place_rate
-- params: period_grain VARCHAR, period_start DATE
-- returns: place_type VARCHAR, region VARCHAR, metric VARCHAR, outcome_class VARCHAR, period_start DATE, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, before_value DOUBLE, before_step VARCHAR, month_value DOUBLE, month_step VARCHAR, year_value DOUBLE, year_step VARCHAR, shown VARCHAR, unsafe_reason VARCHAR
-- grain: place_type, region, metric, outcome_class
with rated as (
    select place_type, region, metric, outcome_class, cast(period_start as date) as day,
        numerator, denominator, value, value_lo, value_hi, shown, unsafe_reason
    from place_rate
    where place_type in ('network', 'region') and period_grain = $period_grain
),
spoken as (
    select * from rated where day = cast($period_start as date)
),
earlier as (
    select 'before' as which,
        $period_start::date - if($period_grain = 'week', interval 7 days, interval 1 month) as day
    union all
    select 'month',
        $period_start::date - if($period_grain = 'week', interval 28 days, interval 1 month)
    union all
    -- a year of weeks is 364 days, so that a week meets the same week of its year
    select 'year',
        $period_start::date - if($period_grain = 'week', interval 364 days, interval 1 year)
),
paired as (
    -- interval of a difference from two intervals (Newcombe 1998, method 10)
    select now.place_type, now.region, now.metric, now.outcome_class, which, old.value,
        now.value - old.value as rise,
        rise - sqrt((now.value - now.value_lo) ** 2 + (old.value_hi - old.value) ** 2) as rise_lo,
        rise + sqrt((now.value_hi - now.value) ** 2 + (old.value - old.value_lo) ** 2) as rise_hi
    from spoken as now cross join earlier join rated as old
        on old.day = cast(earlier.day as date) and old.place_type = now.place_type
            and old.metric = now.metric and old.outcome_class = now.outcome_class
            and old.region is not distinct from now.region
),
stepped as (
    select *, case when rise_lo > 0 then 'up' when rise_hi < 0 then 'down'
        when rise is not null then 'same' end as step
    from paired
),
beside as (
    select place_type, region, metric, outcome_class,
        max(value) filter (which = 'before') as before_value,
        max(step) filter (which = 'before') as before_step,
        max(value) filter (which = 'month') as month_value,
        max(step) filter (which = 'month') as month_step,
        max(value) filter (which = 'year') as year_value,
        max(step) filter (which = 'year') as year_step
    from stepped
    group by place_type, region, metric, outcome_class
)
select
    spoken.place_type, spoken.region, spoken.metric, spoken.outcome_class,
    spoken.day as period_start, numerator, denominator, value, value_lo, value_hi, before_value,
    before_step, month_value, month_step, year_value, year_step, shown, unsafe_reason
from spoken left join beside
    on spoken.place_type = beside.place_type and spoken.metric = beside.metric
        and spoken.outcome_class = beside.outcome_class
        and spoken.region is not distinct from beside.region
order by spoken.metric, spoken.outcome_class, spoken.place_type, spoken.region
