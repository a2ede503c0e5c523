-- worst_hexes: Which hexagons are surely worse than the others by one metric, in one period?
-- reads: cell, cell_hex, hex_place, place_rate
-- params: metric VARCHAR, period_grain VARCHAR, period_start DATE, level INTEGER, outcome_class VARCHAR = all, bad VARCHAR = high, top INTEGER = 10, region VARCHAR = NULL, technology VARCHAR = NULL, band VARCHAR = NULL, vendor VARCHAR = NULL, cell_type VARCHAR = NULL
-- returns: hex_text VARCHAR, region VARCHAR, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, value_raw DOUBLE, target DOUBLE, p_worse DOUBLE, standing VARCHAR
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
    lower(to_hex(hex_id)) as hex_text, hex_place.region, numerator, denominator, value, value_lo,
    value_hi, value_raw, target, p_worse, standing
from place_rate left join hex_place using (hex_id)
where place_type = 'hex'
    and metric = $metric
    and place_rate.period_grain = $period_grain
    and place_rate.period_start = $period_start
    and outcome_class = $outcome_class
    and place_rate.level = $level
    and is_asked(hex_place.region, $region)
    and (coalesce($technology, $band, $vendor, $cell_type) is null or hex_id in (
        select hex_parent(served.hex_id, place_rate.level) from served where served.level >= place_rate.level
    ))
    and value is not null
-- by the end of the interval nearer to good: few cases can't put a place on top
order by if($bad = 'high', -coalesce(value_lo, value), coalesce(value_hi, value)), hex_id
limit $top
