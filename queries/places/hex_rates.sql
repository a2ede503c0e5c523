-- hex_rates: Which released figures does one hexagon have, period by period?
-- reads: place_rate
-- params: hex_text VARCHAR
-- returns: metric VARCHAR, outcome_class VARCHAR, period_grain VARCHAR, period_start DATE, period_end DATE, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, n_effective DOUBLE, value_raw DOUBLE, target DOUBLE, p_worse DOUBLE, standing VARCHAR, shown VARCHAR, unsafe_reason VARCHAR
-- grain: metric, outcome_class, period_grain, period_start
select
    metric, outcome_class, period_grain, period_start, period_end, numerator, denominator, value,
    value_lo, value_hi, n_effective, value_raw, target, p_worse, standing, shown, unsafe_reason
from place_rate
where place_type = 'hex' and lower(to_hex(hex_id)) = $hex_text
order by metric, outcome_class, period_grain, period_start
