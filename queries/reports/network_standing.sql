-- network_standing: How does the network do now, against last week, four weeks ago and last year?
-- reads: place_rate
-- params: none
-- returns: compared VARCHAR, period_start DATE, period_end DATE, dropped_calls DOUBLE, call_attempts DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, is_apart BOOLEAN
-- grain: compared
with weekly as (
    select period_start, period_end, numerator, denominator, value, value_lo, value_hi
    from place_rate
    where place_type = 'network' and metric = 'drop_rate' and period_grain = 'week' and value is not null
        -- a week in part has other weekdays than a whole one
        and date_diff('day', period_start, period_end) = 6
),
newest as (
    select * from weekly order by period_start desc limit 1
),
wanted as (
    -- the same weekday a year before: 52 weeks
    select * from (values ('newest week', 0), ('the week before', 7), ('four weeks before', 28),
        ('last year', 364)) as back (compared, days)
)
select
    compared, weekly.period_start, weekly.period_end, weekly.numerator as dropped_calls,
    weekly.denominator as call_attempts, weekly.value as drop_rate, weekly.value_lo as drop_rate_lo,
    weekly.value_hi as drop_rate_hi,
    -- 90 % intervals that do not touch
    weekly.value_hi < newest.value_lo or weekly.value_lo > newest.value_hi as is_apart
from wanted cross join newest join weekly on weekly.period_start = newest.period_start - wanted.days::integer
order by days
