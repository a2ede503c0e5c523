-- complaint_weeks: How many customers complained, week by week, where every day of the week is shown?
-- reads: place_rate
-- params: outcome_class VARCHAR = network
-- returns: place VARCHAR, week_start DATE, complainants DOUBLE, n_days_shown BIGINT
-- grain: place, week_start
select
    coalesce(region, place_type) as place, cast(date_trunc('week', period_start) as date) as week_start,
    -- a week is the sum of its days, and known where all of them are
    if(count(numerator) = 7, sum(numerator), null) as complainants,
    count(numerator) as n_days_shown
from place_rate
where period_grain = 'day' and metric like 'complaints%' and outcome_class = $outcome_class
group by place, week_start
order by place, week_start
