-- map_layers: What can be drawn on the map, and for which periods?
-- reads: place_rate
-- params: none
-- returns: metric VARCHAR, outcome_class VARCHAR, period_grain VARCHAR, period_start DATE, period_end DATE, level INTEGER, n_hexes BIGINT, n_shown BIGINT
-- grain: metric, outcome_class, period_grain, period_start, level
select
    metric, outcome_class, period_grain, period_start, max(period_end) as period_end, level,
    count(*) as n_hexes, count(value) as n_shown
from place_rate
where place_type = 'hex'
group by metric, outcome_class, period_grain, period_start, level
order by metric, outcome_class, period_grain, period_start desc, level
