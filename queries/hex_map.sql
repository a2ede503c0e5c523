-- hex_map: What is one metric's value in every hexagon of one level, in one period?
-- reads: hex_place, place_rate
-- params: metric VARCHAR, period_grain VARCHAR, period_start DATE, outcome_class VARCHAR = all, level INTEGER = NULL
-- returns: hex_text VARCHAR, level INTEGER, region VARCHAR, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, n_effective DOUBLE, shown VARCHAR
-- grain: hex_text
with drawn as (
    select * from place_rate
    where place_type = 'hex'
        and metric = $metric
        and period_grain = $period_grain
        and period_start = $period_start
        and outcome_class = $outcome_class
)
select
    lower(to_hex(hex_id)) as hex_text, drawn.level, hex_place.region, numerator, denominator,
    value, value_lo, value_hi, n_effective, shown
from drawn left join hex_place using (hex_id)
-- one level at a time, the finest unless another is asked for: levels overlap
where drawn.level = coalesce(cast($level as integer), (select max(drawn.level) from drawn))
order by hex_text
