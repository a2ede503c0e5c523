-- rate_intervals: Which rates lie outside their own interval?
-- reads: place_rate, priority
-- params: none
-- returns: place VARCHAR, figure VARCHAR, period_start DATE, reason VARCHAR
-- grain: place, figure, period_start
with figures as (
    select
        coalesce(lower(to_hex(hex_id)), nullif(cell_id, ''), nullif(region, ''), place_type) as place,
        concat_ws(' ', place_type, metric, outcome_class, period_grain) as figure,
        period_start, value, value_lo, value_hi
    from place_rate
    union all
    select
        concat('rank ', rank), concat('priority ', place_type, ' drop_rate'),
        period_start, drop_rate, drop_rate_lo, drop_rate_hi
    from priority
    union all
    select
        concat('rank ', rank), concat('priority ', place_type, ' drops_excess_month'),
        period_start, drops_excess_month, drops_excess_month_lo, drops_excess_month_hi
    from priority
),
bounded as (
    -- sums in another order differ in the last digits
    select *, 1e-9 * greatest(1, abs(value)) as slack from figures
)
select
    place, figure, period_start,
    concat(place, ', ', figure, ' from ', period_start, ': ', value, ' is not within ',
        value_lo, ' to ', value_hi) as reason
from bounded
where value < value_lo - slack or value > value_hi + slack or value_lo > value_hi + slack
order by place, figure, period_start
