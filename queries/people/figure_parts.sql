-- figure_parts: Which types, channels or operators make up a month's figure of the network or a region?
-- reads: rate_part
-- params: split VARCHAR = complaint_type, metric VARCHAR = NULL, outcome_class VARCHAR = NULL, region VARCHAR = NULL
-- returns: place VARCHAR, metric VARCHAR, outcome_class VARCHAR, period_start DATE, part VARCHAR, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, n_effective DOUBLE, shown VARCHAR, unsafe_reason VARCHAR
-- grain: place, metric, outcome_class, period_start, part
select
    coalesce(region, place_type) as place, metric, outcome_class, period_start, part, numerator,
    denominator, value, value_lo, value_hi, n_effective, shown, unsafe_reason
from rate_part
where split = $split
    and metric = coalesce($metric, metric)
    and outcome_class = coalesce($outcome_class, outcome_class)
    -- without a region: the network
    and region is not distinct from $region
order by place, metric, outcome_class, period_start, numerator desc nulls last, part
