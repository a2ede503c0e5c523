-- kpi_changes: When did which KPI of which cell change, by how much, and what moved it?
-- reads: acknowledgement, cell, kpi, kpi_change, run
-- params: kpi VARCHAR = NULL, family VARCHAR = NULL, cell_id VARCHAR = NULL, since DATE = NULL, worse BOOLEAN = NULL, top INTEGER = 100, region VARCHAR = NULL, technology VARCHAR = NULL, band VARCHAR = NULL, vendor VARCHAR = NULL, cell_type VARCHAR = NULL, owner VARCHAR = NULL
-- returns: change_id VARCHAR, event_id VARCHAR, cell_id VARCHAR, site_id VARCHAR, region VARCHAR, family VARCHAR, kpi VARCHAR, kpi_name VARCHAR, kpi_unit VARCHAR, failures BOOLEAN, change_utc TIMESTAMPTZ, change_lo_utc TIMESTAMPTZ, change_hi_utc TIMESTAMPTZ, until_utc TIMESTAMPTZ, direction VARCHAR, is_worse BOOLEAN, moves_first BOOLEAN, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, change_sd DOUBLE, kpi_before DOUBLE, kpi_after DOUBLE, min_visible_ratio DOUBLE, moved_by VARCHAR, load_share DOUBLE, intervention_id VARCHAR, unsafe_reason VARCHAR
-- grain: change_id
with place as (
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
fitting as (
    -- the cells that a filter lets through, all where none is set
    select distinct cell_id from cell
    where is_asked(technology, $technology) and is_asked(band, $band)
        and is_asked(vendor, $vendor) and is_asked(cell_type, $cell_type)
),
noted as (
    select subject_id as cell_id, ack_owner
    from acknowledgement where is_newest and subject_type = 'cell'
)
select
    change_id, event_id, change.cell_id, site_id, region, family, change.kpi, kpi_name, kpi_unit,
    failures, change_utc, change_lo_utc, change_hi_utc, until_utc, direction, is_worse, moves_first,
    ratio, ratio_lo, ratio_hi, change_sd, kpi_before, kpi_after, min_visible_ratio, moved_by,
    load_share, intervention_id, change.unsafe_reason
from kpi_change as change
    join kpi on kpi.kpi = change.kpi
    left join place on place.cell_id = change.cell_id
    left join noted on noted.cell_id = change.cell_id
    cross join run
where change.kpi = coalesce($kpi, change.kpi) and family = coalesce($family, family)
    and change.cell_id = coalesce($cell_id, change.cell_id)
    and cast(timezone(run.timezone, change_utc) as date) >= coalesce(cast($since as date), date '0001-01-01')
    and ($worse is null or is_worse = $worse)
    and is_asked(region, $region)
    and is_asked(ack_owner, $owner)
    and (change.cell_id in (select cell_id from fitting) or coalesce($technology, $band, $vendor, $cell_type) is null)
order by change_utc desc, abs(ln(ratio)) desc, change_id
limit $top
