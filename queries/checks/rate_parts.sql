-- rate_parts: Which rates are not their numerator over their denominator, or are impossible?
-- reads: place_rate
-- params: none
-- returns: place VARCHAR, figure VARCHAR, period_start DATE, reason VARCHAR
-- grain: place, figure, period_start
with rates as (
    select
        coalesce(lower(to_hex(hex_id)), nullif(cell_id, ''), nullif(region, ''), place_type) as place,
        concat_ws(' ', place_type, metric, outcome_class, period_grain) as figure,
        metric, period_start, numerator, denominator, value
    from place_rate
),
judged as (
    select *, case
        when numerator < 0 or denominator < 0 then 'a count is negative'
        when metric = 'call_drop_rate' and numerator > denominator then 'more drops than calls'
        when metric in ('drop_rate', 'call_drop_rate', 'rating_mean')
            and abs(value - numerator / nullif(denominator, 0)) > 1e-9 * greatest(1, value)
            then concat('value ', value, ' is not ', numerator, ' / ', denominator)
        when metric = 'nps' and value not between -100 and 100 then 'an NPS beyond 100 points'
        when metric = 'rating_mean' and value not between 1 and 5 then 'a rating outside 1 to 5'
        when isinf(value) or isnan(value) then 'a value that is no number'
        end as fault
    from rates
)
select place, figure, period_start,
    concat(place, ', ', figure, ' from ', period_start, ': ', fault) as reason
from judged
where fault is not null
order by place, figure, period_start
