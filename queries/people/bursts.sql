-- bursts: On which days did far more customers complain than usual, in the network or a region?
-- reads: place_rate
-- params: days INTEGER = 28, times DOUBLE = 2
-- returns: place VARCHAR, outcome_class VARCHAR, day_local DATE, complainants DOUBLE, usual DOUBLE, times_usual DOUBLE, n_days_known BIGINT
-- grain: place, outcome_class, day_local
with daily as (
    select coalesce(region, place_type) as place, outcome_class, period_start as day_local, numerator
    from place_rate
    where period_grain = 'day' and metric like 'complaints%' and shown = 'shown'
),
compared as (
    -- what is usual: the median of the days before that are shown
    select today.place, today.outcome_class, today.day_local, today.numerator as complainants,
        median(before.numerator) as usual, count(before.numerator) as n_days_known
    from daily as today join daily as before
        on before.place = today.place and before.outcome_class = today.outcome_class
        and before.day_local < today.day_local and before.day_local >= today.day_local - $days
    group by today.place, today.outcome_class, today.day_local, today.numerator
)
select place, outcome_class, day_local, complainants, usual,
    complainants / greatest(usual, 1) as times_usual, n_days_known
from compared
where complainants >= $times * greatest(usual, 1)
order by day_local desc, times_usual desc, place, outcome_class
