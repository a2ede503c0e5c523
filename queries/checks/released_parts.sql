-- released_parts: Which parts of figures of persons are shown below the threshold of their kind?
-- reads: quality, rate_part
-- params: min_respondents INTEGER
-- returns: place VARCHAR, figure VARCHAR, period_start DATE, reason VARCHAR
-- grain: place, figure, period_start
with public as (
    -- tables whose rows are said to be of no persons
    select table_name from quality where check_name = 'no persons'
),
judged as (
    select coalesce(region, place_type) as place, period_start,
        concat_ws(' ', metric, outcome_class, split, part) as figure,
        case
            when if(metric like 'complaints%', 'complaint', 'call') in (from public) then null
            when shown is null then 'does not say whether it may be shown'
            when shown <> 'shown' and coalesce(numerator, denominator, value) is not null
                then concat('is marked ', shown, ' and gives a figure')
            when shown = 'shown' and metric like 'complaints%' and numerator between 1 and 4
                then 'shows fewer than 5 complainants'
            when shown = 'shown' and metric in ('call_drop_rate', 'rating_mean')
                and denominator < $min_respondents then 'shows too few reports'
        end as fault
    from rate_part
)
select place, figure, period_start,
    concat(place, ', ', figure, ' from ', period_start, ': ', fault) as reason
from judged
where fault is not null
order by place, figure, period_start
