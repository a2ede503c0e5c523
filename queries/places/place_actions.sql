-- place_actions: Which actions do the best plans take at one place, and from which budget on?
-- reads: cell, place_cell, plan
-- params: place_type VARCHAR, place_id VARCHAR
-- returns: action VARCHAR, action_place_type VARCHAR, action_at VARCHAR, action_site VARCHAR, action_azimuth_deg DOUBLE, action_cells VARCHAR, n_action_cells BIGINT, budget_least DOUBLE, n_budgets BIGINT, cost_amount DOUBLE, cost_currency VARCHAR, crew_weeks DOUBLE, benefit_month DOUBLE, benefit_month_lo DOUBLE, benefit_month_hi DOUBLE, p_in_plan DOUBLE
-- grain: action, action_at
with treated_cell as (
    -- each cell as the inventory has it now
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(sector_id, coalesce(valid_from, date '0001-01-01')) as sector_id,
        arg_max(site_name, coalesce(valid_from, date '0001-01-01')) as site_name,
        arg_max(azimuth_deg, coalesce(valid_from, date '0001-01-01')) as azimuth_deg
    from cell group by cell_id
),
spot as (
    select 'cell' as place_type, cell_id as action_at, * from treated_cell
    union all select 'sector', sector_id, * from treated_cell where sector_id is not null
    union all select 'site', site_id, * from treated_cell where site_id is not null
),
treated as (
    select place_type, action_at, min(coalesce(site_name, site_id)) as action_site,
        min(azimuth_deg) as action_azimuth_deg, string_agg(cell_id, ', ' order by cell_id) as action_cells,
        count(*) as n_action_cells, list(cell_id) as cells
    from spot group by place_type, action_at
),
member as (
    select list(distinct cell_id) as cells from place_cell where place_type = $place_type and place_id = $place_id
),
chosen as (
    select action, place_type, coalesce(cell_id, sector_id, site_id) as action_at, min(budget) as budget_least,
        count(distinct budget) as n_budgets, min(cost_amount) as cost_amount, min(cost_currency) as cost_currency,
        min(crew_weeks) as crew_weeks, min(benefit_month) as benefit_month, min(benefit_month_lo) as benefit_month_lo,
        min(benefit_month_hi) as benefit_month_hi, max(p_in_plan) as p_in_plan
    from plan where plan_number = 1
    group by all
)
select
    action, chosen.place_type as action_place_type, action_at, action_site, action_azimuth_deg, action_cells,
    n_action_cells, budget_least, n_budgets, cost_amount, cost_currency, crew_weeks, benefit_month,
    benefit_month_lo, benefit_month_hi, p_in_plan
from chosen join treated using (place_type, action_at), member
where list_has_any(treated.cells, member.cells)
order by benefit_month desc, action, action_at
