-- plan: Which actions for one budget, what do they avoid, and how sure is each of its place?
-- reads: acknowledgement, cell, plan, priority
-- params: budget DOUBLE = NULL, plan_number INTEGER = NULL
-- returns: budget DOUBLE, plan_number INTEGER, action VARCHAR, place_type VARCHAR, place_name VARCHAR, cell_id VARCHAR, sector_id VARCHAR, site_id VARCHAR, region VARCHAR, lat DOUBLE, lon DOUBLE, shown_hex_text VARCHAR, cost_amount DOUBLE, cost_currency VARCHAR, crew_weeks DOUBLE, benefit_month DOUBLE, benefit_month_lo DOUBLE, benefit_month_hi DOUBLE, drops_per_cost DOUBLE, p_in_plan DOUBLE, reason VARCHAR, unsafe_reason VARCHAR, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_utc TIMESTAMPTZ
-- grain: plan_number, action, cell_id, sector_id, site_id
with asked as (
    -- the smallest budget where none is named
    select coalesce($budget, min(budget)) as budget from plan
),
named as (
    select site_id, min(site_name) as site_name from cell group by site_id
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
    plan.budget, plan_number, action, place_type,
    case place_type when 'cell' then cell_id when 'sector' then sector_id
        else coalesce(site_name, site_id) end as place_name,
    cell_id, sector_id, site_id, region, lat, lon,
    -- a cell without counters is in no list, its site may be
    lower(to_hex(coalesce(listed.shown_hex_id, mast.shown_hex_id))) as shown_hex_text,
    cost_amount, cost_currency, crew_weeks,
    benefit_month, benefit_month_lo, benefit_month_hi,
    case when cost_amount > 0 then benefit_month / cost_amount end as drops_per_cost, p_in_plan,
    reason, listed.unsafe_reason,
    -- whoever looks after the site looks after its cells, unless somebody said so of the cell
    case when of_cell.kind is null then of_site.ack_status else of_cell.ack_status end as ack_status,
    case when of_cell.kind is null then of_site.ack_owner else of_cell.ack_owner end as ack_owner,
    case when of_cell.kind is null then of_site.ack_comment else of_cell.ack_comment end as ack_comment,
    coalesce(of_cell.ack_utc, of_site.ack_utc) as ack_utc
from plan join asked using (budget) left join named using (site_id)
    left join listed on listed.kind = if(plan.cell_id is null, 'site', 'cell')
        and listed.place_id = coalesce(plan.cell_id, plan.site_id)
    left join listed as mast on mast.kind = 'site' and mast.place_id = plan.site_id
    left join noted as of_cell on of_cell.kind = 'cell' and of_cell.place_id = plan.cell_id
    left join noted as of_site on of_site.kind = 'site' and of_site.place_id = plan.site_id
where plan_number = coalesce($plan_number, plan_number)
order by plan_number = 0, plan_number, benefit_month desc, action, cell_id, sector_id, site_id
