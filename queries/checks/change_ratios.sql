-- change_ratios: Which changes have a ratio outside its interval or against their direction?
-- reads: change_point
-- params: none
-- returns: change_id VARCHAR, reason VARCHAR
-- grain: change_id
with judged as (
    select change_id, cell_id, case
        when ratio < 0 or isinf(ratio) or isnan(ratio) then 'impossible'
        when ratio not between ratio_lo and ratio_hi
            then concat('outside ', ratio_lo, ' to ', ratio_hi)
        when drops_excess not between drops_excess_lo and drops_excess_hi
            then concat('its drops, ', drops_excess, ', are outside their interval')
        when (direction = 'up' and ratio < 1) or (direction = 'down' and ratio > 1)
            then concat('its direction is ', direction)
        end as fault,
        ratio
    from change_point
)
select change_id,
    concat('change ', change_id, ' of ', cell_id, ': ratio ', ratio, ': ', fault) as reason
from judged
where fault is not null
order by change_id
