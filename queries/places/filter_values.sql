-- filter_values: By what can places be filtered, and how many cells has each value?
-- reads: acknowledgement, cell, hex_place
-- params: none
-- returns: dimension VARCHAR, value VARCHAR, n_cells BIGINT
-- grain: dimension, value
with now as (
    -- each cell as the inventory has it now
    select cell_id, arg_max(region, coalesce(valid_from, date '0001-01-01')) as region,
        arg_max(technology, coalesce(valid_from, date '0001-01-01')) as technology,
        arg_max(band, coalesce(valid_from, date '0001-01-01')) as band,
        arg_max(vendor, coalesce(valid_from, date '0001-01-01')) as vendor,
        arg_max(cell_type, coalesce(valid_from, date '0001-01-01')) as cell_type
    from cell group by cell_id
),
valued as (
    select 'region' as dimension, region as value, count(*) as n_cells from now group by region
    -- a region without cells can be chosen too
    union all select 'region', region, 0 from hex_place group by region
    union all select 'technology', technology, count(*) from now group by technology
    union all select 'band', band, count(*) from now group by band
    union all select 'vendor', vendor, count(*) from now group by vendor
    union all select 'cell_type', cell_type, count(*) from now group by cell_type
    -- who looks after a place or change
    union all select 'owner', ack_owner, null from acknowledgement where is_newest group by ack_owner
)
select dimension, value, max(n_cells) as n_cells
from valued
where value is not null and value <> ''
group by dimension, value
order by dimension, value
