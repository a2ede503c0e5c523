-- place_months: What share of calls dropped in one place, month by month, and in the whole network?
-- reads: place_cell, place_rate
-- params: place_type VARCHAR, place_id VARCHAR
-- returns: period_start DATE, period_end DATE, n_days BIGINT, is_whole BOOLEAN, dropped_calls DOUBLE, call_attempts DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, n_effective DOUBLE, network_rate DOUBLE
-- grain: period_start
with monthly as (
    select * from place_rate
    where metric = 'drop_rate' and period_grain = 'month' and outcome_class = 'all' and unsafe_reason is null
),
published as (
    -- hexagons, cells and regions have rates of their own
    select period_start, period_end, numerator, denominator, value, value_lo, value_hi, n_effective
    from monthly
    where place_type = $place_type
        and case $place_type when 'hex' then lower(to_hex(hex_id)) when 'cell' then cell_id else region end = $place_id
),
summed as (
    -- sites and sectors are sums of their cells: each adds its counts, and what they are worth
    select period_start, max(period_end) as period_end, sum(numerator) as numerator, sum(denominator) as denominator,
        sum(denominator) ** 2 / sum(denominator ** 2 / n_effective) as n_effective
    from monthly
    where place_type = 'cell' and denominator > 0 and n_effective > 0
        and $place_type in ('site', 'sector') and cell_id in (
            select cell_id from place_cell where place_type = $place_type and place_id = $place_id
        )
    group by period_start
),
together as (
    select * from published
    union all by name
    select *, numerator / denominator as value,
        wilson_low(numerator / denominator * n_effective, n_effective) as value_lo,
        wilson_high(numerator / denominator * n_effective, n_effective) as value_hi
    from summed
),
network as (
    select period_start, value as network_rate from monthly where place_type = 'network'
)
select
    period_start, period_end, date_diff('day', period_start, period_end) + 1 as n_days,
    period_end >= last_day(period_start) as is_whole, numerator as dropped_calls,
    denominator as call_attempts, value as drop_rate, value_lo as drop_rate_lo, value_hi as drop_rate_hi,
    n_effective, network_rate
from together left join network using (period_start)
where value is not null
order by period_start
