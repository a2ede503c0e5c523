-- acknowledgements: Who looks after which change or place, and how far are they?
-- reads: acknowledgement, change_point, priority
-- params: subject_type VARCHAR = NULL, subject_id VARCHAR = NULL
-- returns: subject_type VARCHAR, subject_id VARCHAR, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_by VARCHAR, ack_utc TIMESTAMPTZ, n_entries BIGINT, found_now BOOLEAN
-- grain: subject_type, subject_id
with newest as (
    select * from acknowledgement
    where is_newest
        and subject_type = coalesce($subject_type, subject_type)
        and subject_id = coalesce($subject_id, subject_id)
),
counted as (
    select subject_type, subject_id, count(*) as n_entries from acknowledgement group by all
),
found as (
    select 'change' as subject_type, change_id as subject_id from change_point
    union
    select place_type,
        case place_type when 'site' then site_id when 'cell' then cell_id when 'region' then region
            else lower(to_hex(hex_id)) end
    from priority
)
select
    newest.subject_type, newest.subject_id, ack_status, ack_owner, ack_comment, ack_by, ack_utc,
    n_entries, found.subject_id is not null as found_now
from newest join counted using (subject_type, subject_id)
    left join found using (subject_type, subject_id)
order by ack_utc desc, newest.subject_type, newest.subject_id
