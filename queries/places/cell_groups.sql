-- cell_groups: Which site, region and radio generation has each cell, as the inventory has it now?
-- reads: cell
-- params: none
-- returns: cell_id VARCHAR, site_id VARCHAR, region VARCHAR, technology VARCHAR
-- grain: cell_id
select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
    arg_max(region, coalesce(valid_from, date '0001-01-01')) as region,
    arg_max(technology, coalesce(valid_from, date '0001-01-01')) as technology
from cell
group by cell_id
order by cell_id
