-- hex_values: Which values does one metric take over all hexagons of a level, in one period?
-- reads: place_rate
-- params: metric VARCHAR, period_grain VARCHAR, period_start DATE, level INTEGER, outcome_class VARCHAR = all
-- returns: hex_id UBIGINT, value DOUBLE, denominator DOUBLE
-- grain: hex_id
select hex_id, value, denominator
from place_rate
where place_type = 'hex'
    and metric = $metric
    and period_grain = $period_grain
    and period_start = $period_start
    and outcome_class = $outcome_class
    and level = $level
    and unsafe_reason is null
order by hex_id
