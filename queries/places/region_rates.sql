-- region_rates: How did each region do, period by period?
-- reads: place_rate
-- params: metric VARCHAR = NULL, period_grain VARCHAR = month, region VARCHAR = NULL
-- returns: region VARCHAR, metric VARCHAR, outcome_class VARCHAR, period_start DATE, period_end DATE, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, n_effective DOUBLE, value_raw DOUBLE, target DOUBLE, p_worse DOUBLE, standing VARCHAR, shown VARCHAR
-- grain: region, metric, outcome_class, period_start
select
    region, metric, outcome_class, period_start, period_end, numerator, denominator, value,
    value_lo, value_hi, n_effective, value_raw, target, p_worse, standing, shown
from place_rate
where place_type = 'region'
    and metric = coalesce($metric, metric)
    and period_grain = $period_grain
    and region = coalesce($region, region)
order by region, metric, outcome_class, period_start
