-- network_rates: How did the whole network do by what customers say, period by period?
-- reads: place_rate
-- params: metric VARCHAR = NULL, period_grain VARCHAR = month
-- returns: metric VARCHAR, outcome_class VARCHAR, period_start DATE, period_end DATE, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, n_effective DOUBLE, value_raw DOUBLE, shown VARCHAR, unsafe_reason VARCHAR
-- grain: metric, outcome_class, period_start
select
    metric, outcome_class, period_start, period_end, numerator, denominator, value, value_lo,
    value_hi, n_effective, value_raw, shown, unsafe_reason
from place_rate
where place_type = 'network' and period_grain = $period_grain
    and metric = coalesce($metric, metric)
order by metric, outcome_class, period_start
