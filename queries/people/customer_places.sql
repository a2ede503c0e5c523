-- customer_places: Where did customers suffer most, as released, in the newest whole month up to a day?
-- reads: hex_place, place_rate
-- params: until DATE
-- returns: metric VARCHAR, outcome_class VARCHAR, period_start DATE, period_end DATE, level INTEGER, hex_text VARCHAR, region VARCHAR, lat DOUBLE, lon DOUBLE, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, n_effective DOUBLE, value_raw DOUBLE, promoter_share DOUBLE, detractor_share DOUBLE, borrowed DOUBLE, target DOUBLE, p_worse DOUBLE, standing VARCHAR, shown VARCHAR, unsafe_reason VARCHAR
-- grain: metric, outcome_class, hex_text
with personal as (
    select * from place_rate
    where place_type = 'hex' and period_grain = 'month' and period_end <= cast($until as date)
        and metric in ('complaints_per_1000', 'complaints_per_10k_attempts', 'nps', 'call_drop_rate')
),
offered as (
    -- of several levels the one that shows most places
    select metric, outcome_class, period_start, level
    from personal
    group by metric, outcome_class, period_start, level
    qualify row_number() over (
        partition by metric, outcome_class order by period_start desc, count(value) desc, level desc
    ) = 1
)
select
    metric, outcome_class, period_start, period_end, level, lower(to_hex(hex_id)) as hex_text,
    hex_place.region, hex_place.lat, hex_place.lon, numerator, denominator, value, value_lo,
    value_hi, n_effective, value_raw, promoter_share, detractor_share, borrowed, target, p_worse,
    standing, shown, unsafe_reason
from personal semi join offered using (metric, outcome_class, period_start, level)
    left join hex_place using (hex_id, level)
-- the surely bad first: the worst value is often that of the fewest persons
order by metric, outcome_class,
    case metric when 'nps' then -value_hi else value_lo end desc nulls last, hex_text
