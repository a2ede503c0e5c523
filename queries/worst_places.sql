-- worst_places: Where does the network hurt most, and why?
-- reads: acknowledgement, priority
-- params: place_type VARCHAR = NULL, top INTEGER = 10
-- returns: place_type VARCHAR, rank INTEGER, place_name VARCHAR, region VARCHAR, hex_text VARCHAR, cell_id VARCHAR, site_id VARCHAR, lat DOUBLE, lon DOUBLE, period_start DATE, period_end DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, normal_rate DOUBLE, drops_excess_month DOUBLE, drops_excess_month_lo DOUBLE, drops_excess_month_hi DOUBLE, prb_dl_util_bh_pct DOUBLE, complainants VARCHAR, nps DOUBLE, dominant_cell_id VARCHAR, change_id VARCHAR, change_utc TIMESTAMPTZ, reason VARCHAR, unsafe_reason VARCHAR, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_utc TIMESTAMPTZ
-- grain: rank
with ranked as (
    -- works are done on sites; where none are known, hexagons or cells are ranked
    select coalesce($place_type, arg_min(place_type, list_position(['site', 'hex', 'cell'], place_type)))
        as place_type
    from priority
),
noted as (
    select subject_type as place_type, subject_id, ack_status, ack_owner, ack_comment, ack_utc
    from acknowledgement where is_newest
)
select
    priority.place_type, rank, place_name, region, lower(to_hex(hex_id)) as hex_text, cell_id, site_id, lat, lon,
    period_start, period_end, call_attempts, dropped_calls, drop_rate, drop_rate_lo, drop_rate_hi,
    normal_rate, drops_excess_month, drops_excess_month_lo, drops_excess_month_hi,
    prb_dl_util_bh_pct, complainants, nps, dominant_cell_id, change_id, change_utc, reason,
    unsafe_reason, ack_status, ack_owner, ack_comment, ack_utc
from priority join ranked using (place_type)
    left join noted on noted.place_type = priority.place_type
        and noted.subject_id = case priority.place_type when 'site' then site_id
            when 'cell' then cell_id when 'region' then region else lower(to_hex(hex_id)) end
order by rank
limit $top
