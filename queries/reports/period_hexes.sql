-- period_hexes: Which hexagons had most calls dropped above the network's normal rate in one week or month, how sure is that, and which cell is behind?
-- reads: cell, cell_hex, hex_place, place_rate, run
-- params: period_grain VARCHAR, period_start DATE, top INTEGER = 20
-- returns: hex_text VARCHAR, region VARCHAR, lat DOUBLE, lon DOUBLE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, drops_excess_month DOUBLE, drops_excess_month_lo DOUBLE, drops_excess_month_hi DOUBLE, dominant_cell_id VARCHAR, site_name VARCHAR, unsafe_reason VARCHAR
-- grain: hex_text
with rated as (
    select * from place_rate
    where period_grain = $period_grain and period_start = cast($period_start as date)
),
hexes as (
    select rated.* from rated join run using (level) where place_type = 'hex'
),
excess as (
    select hex_id, value, value_lo, value_hi from hexes where metric = 'drops_excess_month'
),
behind as (
    select cell_hex.hex_id, max_by(rated.cell_id, (weight * value, rated.cell_id)) as cell_id
    from rated join cell_hex
        on rated.cell_id = cell_hex.cell_id and holds_on(valid_from, valid_to, period_end)
    where place_type = 'cell' and metric = 'drops_excess_month' and value > 0
    group by cell_hex.hex_id
),
named as (
    select cell_id,
        arg_max(coalesce(site_name, site_id), coalesce(valid_from, date '0001-01-01')) as site_name
    from cell group by cell_id
)
select
    lower(to_hex(hex_id)) as hex_text, hex_place.region, hex_place.lat, hex_place.lon,
    hexes.denominator as call_attempts, hexes.numerator as dropped_calls, hexes.value as drop_rate,
    hexes.value_lo as drop_rate_lo, hexes.value_hi as drop_rate_hi,
    excess.value as drops_excess_month, excess.value_lo as drops_excess_month_lo,
    excess.value_hi as drops_excess_month_hi, behind.cell_id as dominant_cell_id, named.site_name,
    hexes.unsafe_reason
from hexes left join excess using (hex_id) left join hex_place using (hex_id)
    left join behind using (hex_id) left join named on named.cell_id = behind.cell_id
where hexes.metric = 'drop_rate'
order by drops_excess_month desc nulls last, hex_text
limit $top
