-- suppressed: How many figures of persons are shown, few or hidden, on each grid?
-- reads: place_rate
-- params: none
-- returns: metric VARCHAR, outcome_class VARCHAR, place_type VARCHAR, level INTEGER, period_grain VARCHAR, n_shown BIGINT, n_few BIGINT, n_hidden BIGINT
-- grain: metric, outcome_class, place_type, level, period_grain
select
    metric, outcome_class, place_type, level, period_grain,
    count(*) filter (shown = 'shown') as n_shown,
    count(*) filter (shown = 'few') as n_few,
    count(*) filter (shown = 'hidden') as n_hidden
from place_rate
where starts_with(metric, 'complaints_') or metric in ('nps', 'call_drop_rate', 'rating_mean')
group by metric, outcome_class, place_type, level, period_grain
order by metric, outcome_class, place_type, level, period_grain
