-- change_order: Which changes have dates that are out of order?
-- reads: change_point
-- params: none
-- returns: change_id VARCHAR, reason VARCHAR
-- grain: change_id
with judged as (
    select change_id, cell_id, change_utc, case
        when change_utc is null then 'no date'
        when change_lo_utc > change_utc or change_utc > change_hi_utc
            then concat('outside ', change_lo_utc, ' to ', change_hi_utc)
        when ramp_end_utc < change_utc then concat('its ramp ends before, at ', ramp_end_utc)
        when until_utc <= change_utc then concat('it lasts until ', until_utc)
        end as fault
    from change_point
)
select change_id,
    concat('change ', change_id, ' of ', cell_id, ' at ', change_utc, ': ', fault) as reason
from judged
where fault is not null
order by change_id
