-- kpi_groups: What is one KPI of each technology, band, vendor, cell type or region, day by day?
-- reads: cell, kpi_part_cell_day
-- params: kpi VARCHAR = drop_rate, dimension VARCHAR = technology
-- returns: group_name VARCHAR, day_local DATE, n_cells BIGINT, value DOUBLE, denominator DOUBLE
-- grain: group_name, day_local
with place as (
    select cell_id, arg_max(cell, coalesce(valid_from, date '0001-01-01')) as c
    from cell group by cell_id
),
parts as (
    select
        case $dimension when 'technology' then c.technology when 'band' then c.band
            when 'vendor' then c.vendor when 'cell_type' then c.cell_type
            when 'region' then c.region end as group_name,
        day_local, kpi_part, any_value(form) as form, any_value(factor) as factor,
        any_value(least_denominator) as least_denominator, count(*) as n_cells,
        kpi_counted(form, numerator, denominator, 1) as numerator,
        kpi_among(form, denominator, 1) as denominator
    from kpi_part_cell_day left join place using (cell_id)
    where kpi = $kpi
    group by group_name, day_local, kpi_part
)
select
    coalesce(group_name, 'unknown') as group_name, day_local, max(n_cells) as n_cells,
    case when not coalesce(min(denominator) < any_value(least_denominator), false)
        then kpi_value(factor, kpi_ratio(form, numerator, denominator)) end as value,
    min(denominator) as denominator
from parts
group by group_name, day_local
order by group_name, day_local
