-- plan: Which works for one budget, what do they spare, and how sure is each of its place?
-- reads: cell, plan, priority
-- params: budget DOUBLE = NULL, plan_number INTEGER = NULL
-- returns: budget DOUBLE, plan_number INTEGER, action VARCHAR, place_type VARCHAR, place_name VARCHAR, cell_id VARCHAR, sector_id VARCHAR, site_id VARCHAR, region VARCHAR, lat DOUBLE, lon DOUBLE, cost_amount DOUBLE, cost_currency VARCHAR, crew_weeks DOUBLE, benefit_month DOUBLE, benefit_month_lo DOUBLE, benefit_month_hi DOUBLE, drops_per_cost DOUBLE, p_in_plan DOUBLE, reason VARCHAR, unsafe_reason VARCHAR
-- grain: plan_number, action, cell_id, sector_id, site_id
with asked as (
    -- the smallest budget where none is named
    select coalesce($budget, min(budget)) as budget from plan
),
named as (
    select site_id, min(site_name) as site_name from cell group by site_id
),
unsafe as (
    -- what works spare is the list's: so are its doubts
    select place_type as kind, coalesce(cell_id, site_id) as place_id, unsafe_reason from priority
    where place_type in ('cell', 'site') and unsafe_reason is not null
)
select
    plan.budget, plan_number, action, place_type,
    case place_type when 'cell' then cell_id when 'sector' then sector_id
        else coalesce(site_name, site_id) end as place_name,
    cell_id, sector_id, site_id, region, lat, lon, cost_amount, cost_currency, crew_weeks,
    benefit_month, benefit_month_lo, benefit_month_hi,
    case when cost_amount > 0 then benefit_month / cost_amount end as drops_per_cost, p_in_plan,
    reason, unsafe_reason
from plan join asked using (budget) left join named using (site_id)
    left join unsafe on kind = if(plan.cell_id is null, 'site', 'cell')
        and place_id = coalesce(plan.cell_id, plan.site_id)
where plan_number = coalesce($plan_number, plan_number)
order by plan_number = 0, plan_number, benefit_month desc, action, cell_id, sector_id, site_id
