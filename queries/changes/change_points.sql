-- change_points: When did which cell's or hexagon's drops change, by how much, and what did its load do?
-- reads: acknowledgement, cell, cell_hex, change_point, hex_place, run
-- params: since DATE = NULL, until DATE = NULL, direction VARCHAR = NULL, top INTEGER = 100, region VARCHAR = NULL, technology VARCHAR = NULL, band VARCHAR = NULL, vendor VARCHAR = NULL, cell_type VARCHAR = NULL, owner VARCHAR = NULL
-- returns: change_id VARCHAR, place_type VARCHAR, cell_id VARCHAR, site_id VARCHAR, region VARCHAR, hex_text VARCHAR, change_utc TIMESTAMPTZ, change_lo_utc TIMESTAMPTZ, change_hi_utc TIMESTAMPTZ, until_utc TIMESTAMPTZ, direction VARCHAR, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, drops_excess DOUBLE, drops_excess_lo DOUBLE, drops_excess_hi DOUBLE, attribution VARCHAR, attribution_note VARCHAR, p_load DOUBLE, load_share DOUBLE, load_share_lo DOUBLE, load_share_hi DOUBLE, drops_load DOUBLE, drops_other DOUBLE, prb_before_pct DOUBLE, prb_after_pct DOUBLE, prb_per_traffic_ratio DOUBLE, load_moved_by VARCHAR, attempts_before DOUBLE, attempts_after DOUBLE, min_visible_ratio DOUBLE, intervention_id VARCHAR, first_reported_utc TIMESTAMPTZ, unsafe_reason VARCHAR, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_utc TIMESTAMPTZ
-- grain: change_id
with place as (
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
core as (
    -- the hexagon with most of the cell's traffic, at the display level
    select cell_id, min_by(hex_id, (valid_to is not null, -weight, hex_id)) as hex_id
    from cell_hex semi join hex_place using (hex_id)
    group by cell_id
),
dated as (
    select change_point.*, cast(timezone(run.timezone, change_utc) as date) as change_day
    from change_point cross join run
),
fitting as (
    -- the cells that a filter lets through, all where none is set
    select distinct cell_id from cell
    where is_asked(technology, $technology) and is_asked(band, $band)
        and is_asked(vendor, $vendor) and is_asked(cell_type, $cell_type)
),
noted as (
    select subject_id as change_id, ack_status, ack_owner, ack_comment, ack_utc
    from acknowledgement where is_newest and subject_type = 'change'
)
select
    change_id, place_type, cell_id, place.site_id, coalesce(place.region, home.region) as region,
    lower(to_hex(coalesce(dated.hex_id, core.hex_id))) as hex_text, change_utc, change_lo_utc,
    change_hi_utc, until_utc, direction, ratio, ratio_lo, ratio_hi, drops_excess, drops_excess_lo,
    drops_excess_hi, attribution, attribution_note, p_load, load_share, load_share_lo, load_share_hi,
    drops_load, drops_other, prb_before_pct, prb_after_pct, prb_per_traffic_ratio, load_moved_by,
    attempts_before, attempts_after, min_visible_ratio, intervention_id, first_reported_utc, unsafe_reason,
    ack_status, ack_owner, ack_comment, ack_utc
from dated left join place using (cell_id) left join core using (cell_id)
    left join hex_place as home on home.hex_id = dated.hex_id
    left join noted using (change_id)
where change_day between coalesce(cast($since as date), date '0001-01-01')
        and coalesce(cast($until as date), date '9999-12-31')
    and dated.direction = coalesce($direction, dated.direction)
    and is_asked(coalesce(place.region, home.region), $region)
    and is_asked(ack_owner, $owner)
    and (cell_id in (select cell_id from fitting) or coalesce($technology, $band, $vendor, $cell_type) is null)
order by abs(drops_excess) desc, change_id
limit $top
