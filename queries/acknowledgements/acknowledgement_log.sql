-- acknowledgement_log: What was noted of one change or place, by whom and when, newest first?
-- reads: acknowledgement
-- params: subject_type VARCHAR, subject_id VARCHAR
-- returns: entry_id BIGINT, ack_utc TIMESTAMPTZ, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_by VARCHAR
-- grain: entry_id
select entry_id, ack_utc, ack_status, ack_owner, ack_comment, ack_by
from acknowledgement
where subject_type = $subject_type and subject_id = $subject_id
order by entry_id desc
