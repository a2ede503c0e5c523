-- Every KPI by day: of cells, sites, sectors, hexagons and regions. The view kpi_part_cell_day beneath is
-- made of contracts/kpis.toml and of the operator's own (ingest/kpi_views.py).

-- one part of one KPI of one place on one local day: cells by their weight in it. noise: what the
-- denominators are worth as independent tries, sum(denominator)^2 / noise.
create view kpi_part_place_day as
select
    place_type, place_id, day_local, part.kpi, part.kpi_part, any_value(form) as form,
    any_value(factor) as factor, any_value(least_denominator) as least_denominator,
    kpi_counted(form, numerator, denominator, weight) as numerator,
    kpi_among(form, denominator, weight) as denominator,
    case when count(*) = count(phi) then sum(weight * weight * denominator * phi) end as noise
from kpi_part_cell_day as part
join place_cell using (cell_id)
left join kpi_noise on kpi_noise.kpi = part.kpi and kpi_noise.kpi_part = part.kpi_part
    and kpi_noise.cell_id = part.cell_id
where holds_on(valid_from, valid_to, day_local)
group by place_type, place_id, day_local, part.kpi, part.kpi_part;

-- one KPI of one place on one local day. Counts are of its one part, or NULL; a product has the least
-- of its denominators. Below the least denominator value is NULL and low_volume true. The interval is
-- of shares of counts: of a single day nothing else shows how it scatters.
create view kpi_place_day as
with rated as (
    select *, kpi_ratio(form, numerator, denominator) as ratio,
        denominator * denominator / nullif(noise, 0) as n_effective
    from kpi_part_place_day
),
valued as (
    select
        place_type, place_id, day_local, kpi,
        case when count(*) = 1 then any_value(numerator) end as numerator,
        min(denominator) as denominator,
        coalesce(min(denominator) < any_value(least_denominator), false) as low_volume,
        kpi_value(factor, ratio) as value,
        case when count(*) = 1 then any_value(n_effective) end as n_effective
    from rated
    group by place_type, place_id, day_local, kpi
)
select
    place_type, place_id, day_local, kpi, numerator, denominator,
    case when not low_volume then value end as value,
    case when not low_volume and n_effective > 0
        then wilson_low(least(value, 1) * n_effective, n_effective) end as value_lo,
    case when not low_volume and n_effective > 0
        then greatest(value, wilson_high(least(value, 1) * n_effective, n_effective)) end as value_hi,
    n_effective, low_volume
from valued;

-- one KPI of one cell on one local day, as kpi_place_day
create view kpi_cell_day as
select place_id as cell_id, columns(* exclude (place_type, place_id))
from kpi_place_day
where place_type = 'cell';

-- one KPI of one hexagon on one local day, as kpi_place_day
create view kpi_hex_day as
select hex_of(place_id) as hex_id, columns(* exclude (place_type, place_id))
from kpi_place_day
where place_type = 'hex';

-- one KPI of one region on one local day, as kpi_place_day
create view kpi_region_day as
select place_id as region, columns(* exclude (place_type, place_id))
from kpi_place_day
where place_type = 'region';
