-- place_changes: Which dated changes do the cells of one place have, and which are still in force?
-- reads: acknowledgement, cell, change_point, place_cell, run
-- params: place_type VARCHAR, place_id VARCHAR
-- returns: change_id VARCHAR, cell_id VARCHAR, hex_text VARCHAR, site_id VARCHAR, change_utc TIMESTAMPTZ, change_lo_utc TIMESTAMPTZ, change_hi_utc TIMESTAMPTZ, until_utc TIMESTAMPTZ, direction VARCHAR, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, drops_excess DOUBLE, drops_excess_lo DOUBLE, drops_excess_hi DOUBLE, attribution VARCHAR, attribution_note VARCHAR, p_load DOUBLE, load_share DOUBLE, load_share_lo DOUBLE, load_share_hi DOUBLE, prb_before_pct DOUBLE, prb_after_pct DOUBLE, prb_per_traffic_ratio DOUBLE, load_moved_by VARCHAR, intervention_id VARCHAR, first_reported_utc TIMESTAMPTZ, in_force BOOLEAN, weight DOUBLE, unsafe_reason VARCHAR, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR
-- grain: change_id
with member as (
    select cell_id, max(weight) as weight from place_cell
    where place_type = $place_type and place_id = $place_id
    group by cell_id
),
home as (
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id
    from cell group by cell_id
),
noted as (
    select subject_id as change_id, ack_status, ack_owner, ack_comment
    from acknowledgement where is_newest and subject_type = 'change'
)
select
    change_id, cell_id, lower(to_hex(hex_id)) as hex_text, site_id, change_utc, change_lo_utc, change_hi_utc,
    until_utc, direction, ratio, ratio_lo, ratio_hi, drops_excess, drops_excess_lo, drops_excess_hi,
    attribution, attribution_note, p_load, load_share, load_share_lo, load_share_hi, prb_before_pct,
    prb_after_pct, prb_per_traffic_ratio, load_moved_by, intervention_id, first_reported_utc,
    -- the newest change of a cell lasts to the end of its data
    coalesce(until_utc >= run.as_of_utc, true) as in_force, coalesce(weight, 1) as weight, unsafe_reason, ack_status, ack_owner, ack_comment
from change_point cross join run left join member using (cell_id) left join home using (cell_id)
    left join noted using (change_id)
where member.cell_id is not null or ($place_type = 'hex' and hex_id = hex_of($place_id))
order by change_utc desc, change_id
