-- hex_map: What is one metric's value in every hexagon of one level and a box, in one period?
-- reads: cell, cell_hex, hex_place, place_rate
-- params: metric VARCHAR, period_grain VARCHAR, period_start DATE, outcome_class VARCHAR = all, level INTEGER = NULL, west DOUBLE = -180, south DOUBLE = -90, east DOUBLE = 180, north DOUBLE = 90, region VARCHAR = NULL, technology VARCHAR = NULL, band VARCHAR = NULL, vendor VARCHAR = NULL, cell_type VARCHAR = NULL
-- returns: hex_id UBIGINT, hex_text VARCHAR, level INTEGER, region VARCHAR, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, n_effective DOUBLE, value_raw DOUBLE, target DOUBLE, p_worse DOUBLE, standing VARCHAR, shown VARCHAR, unsafe_reason VARCHAR
-- grain: hex_text
with fitting as (
    -- the cells that a filter lets through, all where none is set
    select distinct cell_id from cell
    where is_asked(technology, $technology) and is_asked(band, $band)
        and is_asked(vendor, $vendor) and is_asked(cell_type, $cell_type)
),
served as (
    -- of any level: what its finest parts have
    select distinct cell_hex.hex_id, cell_hex.level from cell_hex semi join fitting using (cell_id)
)
select
    hex_id, lower(to_hex(hex_id)) as hex_text, place_rate.level, hex_place.region, numerator,
    denominator,
    -- a figure that must not be trusted has no colour; place_rate keeps it
    case when unsafe_reason is null then value end as value,
    case when unsafe_reason is null then value_lo end as value_lo,
    case when unsafe_reason is null then value_hi end as value_hi, n_effective,
    value_raw, target, p_worse, standing,
    case when unsafe_reason is null then shown else 'unsafe' end as shown, unsafe_reason
from place_rate left join hex_place using (hex_id)
where place_type = 'hex'
    and metric = $metric
    and place_rate.period_grain = $period_grain
    and place_rate.period_start = $period_start
    and outcome_class = $outcome_class
    -- levels overlap: the finest unless another is asked for
    and place_rate.level = coalesce(cast($level as integer), (
        select max(finest.level)
        from place_rate as finest
        where finest.place_type = 'hex'
            and finest.metric = $metric
            and finest.period_grain = $period_grain
            and finest.period_start = $period_start
            and finest.outcome_class = $outcome_class
    ))
    and is_asked(hex_place.region, $region)
    and (coalesce($technology, $band, $vendor, $cell_type) is null or hex_id in (
        select hex_parent(served.hex_id, place_rate.level) from served where served.level >= place_rate.level
    ))
    and in_box(lat, lon, $west, $south, $east, $north)
order by hex_id
