-- plan: Which actions for one budget, what do they avoid, and how sure is each of its place?
-- reads: acknowledgement, cell, plan, priority
-- params: budget DOUBLE = NULL, plan_number INTEGER = NULL, region VARCHAR = NULL, technology VARCHAR = NULL, band VARCHAR = NULL, vendor VARCHAR = NULL, cell_type VARCHAR = NULL, owner VARCHAR = NULL
-- returns: budget DOUBLE, plan_number INTEGER, action VARCHAR, place_type VARCHAR, place_name VARCHAR, cell_id VARCHAR, sector_id VARCHAR, site_id VARCHAR, region VARCHAR, lat DOUBLE, lon DOUBLE, shown_hex_text VARCHAR, cost_amount DOUBLE, cost_currency VARCHAR, crew_weeks DOUBLE, benefit_month DOUBLE, benefit_month_lo DOUBLE, benefit_month_hi DOUBLE, is_sure BOOLEAN, drops_per_cost DOUBLE, p_in_plan DOUBLE, reason VARCHAR, action_place_type VARCHAR, action_at VARCHAR, action_site VARCHAR, action_azimuth_deg DOUBLE, action_cells VARCHAR, n_action_cells BIGINT, unsafe_reason VARCHAR, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_utc TIMESTAMPTZ
-- grain: plan_number, action, cell_id, sector_id, site_id
with asked as (
    -- the smallest budget where none is named
    select coalesce($budget, min(budget)) as budget from plan
),
named as (
    select site_id, min(site_name) as site_name from cell group by site_id
),
treated_cell as (
    -- each cell as the inventory has it now
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(sector_id, coalesce(valid_from, date '0001-01-01')) as sector_id,
        arg_max(site_name, coalesce(valid_from, date '0001-01-01')) as site_name,
        arg_max(azimuth_deg, coalesce(valid_from, date '0001-01-01')) as azimuth_deg
    from cell group by cell_id
),
spot as (
    -- where actions are taken, in words: the mast, the direction, the cells
    select 'cell' as place_type, cell_id as action_at, * from treated_cell
    union all select 'sector', sector_id, * from treated_cell where sector_id is not null
    union all select 'site', site_id, * from treated_cell where site_id is not null
),
fitting as (
    -- the cells that a filter lets through, all where none is set
    select distinct cell_id from cell
    where is_asked(technology, $technology) and is_asked(band, $band)
        and is_asked(vendor, $vendor) and is_asked(cell_type, $cell_type)
),
fitted as (
    select distinct place_type, action_at from spot semi join fitting using (cell_id)
),
treated as (
    select place_type, action_at, min(coalesce(site_name, site_id)) as action_site,
        min(azimuth_deg) as action_azimuth_deg,
        string_agg(cell_id, ', ' order by cell_id) as action_cells, count(*) as n_action_cells
    from spot group by place_type, action_at
),
listed as (
    -- what actions avoid is the list's: so are its doubts, and the hexagon shown
    select place_type as kind, coalesce(cell_id, site_id) as place_id, unsafe_reason, shown_hex_id
    from priority
    where place_type in ('cell', 'site')
),
noted as (
    select subject_type as kind, subject_id as place_id, ack_status, ack_owner, ack_comment, ack_utc
    from acknowledgement where is_newest
)
select
    plan.budget, plan_number, action, plan.place_type,
    case plan.place_type when 'cell' then cell_id when 'sector' then sector_id
        else coalesce(site_name, site_id) end as place_name,
    plan.cell_id, plan.sector_id, plan.site_id, region, lat, lon,
    -- a cell without counters is in no list, its site may be
    lower(to_hex(coalesce(listed.shown_hex_id, mast.shown_hex_id))) as shown_hex_text,
    cost_amount, cost_currency, crew_weeks,
    benefit_month, benefit_month_lo, benefit_month_hi,
    -- a lower end below that is written as 0: the action may avoid nothing
    benefit_month_lo >= 0.5 as is_sure,
    case when cost_amount > 0 then benefit_month / cost_amount end as drops_per_cost, p_in_plan,
    reason, plan.place_type as action_place_type,
    coalesce(plan.cell_id, plan.sector_id, plan.site_id) as action_at, action_site, action_azimuth_deg,
    action_cells, n_action_cells, listed.unsafe_reason,
    -- whoever looks after the site looks after its cells, unless somebody said so of the cell
    case when of_cell.kind is null then of_site.ack_status else of_cell.ack_status end as ack_status,
    case when of_cell.kind is null then of_site.ack_owner else of_cell.ack_owner end as ack_owner,
    case when of_cell.kind is null then of_site.ack_comment else of_cell.ack_comment end as ack_comment,
    coalesce(of_cell.ack_utc, of_site.ack_utc) as ack_utc
from plan join asked using (budget) left join named using (site_id)
    left join treated on treated.place_type = plan.place_type
        and treated.action_at = coalesce(plan.cell_id, plan.sector_id, plan.site_id)
    left join fitted on fitted.place_type = plan.place_type
        and fitted.action_at = coalesce(plan.cell_id, plan.sector_id, plan.site_id)
    left join listed on listed.kind = if(plan.cell_id is null, 'site', 'cell')
        and listed.place_id = coalesce(plan.cell_id, plan.site_id)
    left join listed as mast on mast.kind = 'site' and mast.place_id = plan.site_id
    left join noted as of_cell on of_cell.kind = 'cell' and of_cell.place_id = plan.cell_id
    left join noted as of_site on of_site.kind = 'site' and of_site.place_id = plan.site_id
where plan_number = coalesce($plan_number, plan_number)
    and is_asked(region, $region)
    and is_asked(if(of_cell.kind is null, of_site.ack_owner, of_cell.ack_owner), $owner)
    and (fitted.action_at is not null or coalesce($technology, $band, $vendor, $cell_type) is null)
order by plan_number = 0, plan_number, benefit_month desc, action, plan.cell_id, plan.sector_id, plan.site_id
