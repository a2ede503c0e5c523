-- released_figures: Which figures of persons are shown below the threshold of their kind?
-- reads: place_rate, quality
-- params: min_subscribers INTEGER, min_nps INTEGER, min_respondents INTEGER
-- returns: place VARCHAR, figure VARCHAR, period_start DATE, reason VARCHAR
-- grain: place, figure, period_start
with figures as (
    select *,
        coalesce(lower(to_hex(hex_id)), nullif(cell_id, ''), nullif(region, ''), place_type) as place,
        concat_ws(' ', place_type, metric, outcome_class, period_grain) as figure,
        coalesce(numerator, value, value_lo, value_hi, n_effective, value_raw, promoter_share,
            detractor_share, borrowed, p_worse) is not null as is_given
    from place_rate
),
public as (
    -- tables whose rows are said to be of no persons
    select table_name from quality where check_name = 'no persons'
),
judged as (
    select *, case
        when (metric like 'complaints%' and 'complaint' in (from public))
            or (metric = 'nps' and 'nps' in (from public))
            or (metric in ('call_drop_rate', 'rating_mean') and 'call' in (from public)) then null
        when shown is null then 'does not say whether it may be shown'
        when shown <> 'shown' and is_given then concat('is marked ', shown, ' and gives a figure')
        when shown = 'hidden' and denominator is not null then 'is hidden and gives how many'
        when shown = 'shown' and metric like 'complaints%' and numerator between 1 and 4
            then 'shows fewer than 5 complainants'
        when shown = 'shown' and metric = 'complaints_per_1000' and denominator < $min_subscribers
            then 'shows a place of too few subscribers'
        when shown = 'shown' and metric = 'nps' and denominator < $min_nps
            then 'shows too few answers'
        when shown = 'shown' and metric in ('call_drop_rate', 'rating_mean')
            and denominator < $min_respondents
            then 'shows too few reports'
        end as fault
    from figures
)
select place, figure, period_start,
    concat(place, ', ', figure, ' from ', period_start, ': ', fault) as reason
from judged
where fault is not null
order by place, figure, period_start
