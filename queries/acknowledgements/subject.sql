-- subject: Is there such a change or place, or was one noted before?
-- reads: acknowledgement, cell, change_point, hex_place
-- params: subject_type VARCHAR, subject_id VARCHAR
-- returns: subject_type VARCHAR, subject_id VARCHAR
-- grain: subject_type, subject_id
with known as (
    select 'change' as subject_type, change_id as subject_id from change_point
    union select 'cell', cell_id from cell
    union select 'cell', cell_id from change_point
    union select 'site', site_id from cell
    union select 'region', region from cell
    union select 'region', region from hex_place
    union select 'hex', lower(to_hex(hex_id)) from hex_place
    union select subject_type, subject_id from acknowledgement
)
select subject_type, subject_id
from known
where subject_type = $subject_type and subject_id = $subject_id
order by subject_type, subject_id
