-- what_if: What would it avoid to relieve this cell of a share of its load?
-- reads: what_if
-- params: cell_id VARCHAR, relief_pct DOUBLE = NULL
-- returns: cell_id VARCHAR, relief_pct DOUBLE, drops_avoided_month DOUBLE, drops_avoided_month_lo DOUBLE, drops_avoided_month_hi DOUBLE, complainants_avoided DOUBLE, complainants_avoided_lo DOUBLE, complainants_avoided_hi DOUBLE, detractors_avoided DOUBLE, detractors_avoided_lo DOUBLE, detractors_avoided_hi DOUBLE, is_beyond_seen BOOLEAN
-- grain: relief_pct
with ladder as (
    -- no relief avoids nothing
    select cell_id, 0.0 as relief_pct, 0.0 as drops_avoided_month, 0.0 as drops_avoided_month_lo, 0.0 as drops_avoided_month_hi, 0.0 as complainants_avoided, 0.0 as complainants_avoided_lo, 0.0 as complainants_avoided_hi, 0.0 as detractors_avoided, 0.0 as detractors_avoided_lo, 0.0 as detractors_avoided_hi,
        false as is_beyond_seen
    from what_if where cell_id = $cell_id group by cell_id
    union all
    select cell_id, relief_pct, drops_avoided_month, drops_avoided_month_lo, drops_avoided_month_hi, complainants_avoided, complainants_avoided_lo, complainants_avoided_hi, detractors_avoided, detractors_avoided_lo, detractors_avoided_hi, is_beyond_seen
    from what_if where cell_id = $cell_id
),
steps as (
    select *, lead(relief_pct) over (order by relief_pct) as next_pct from ladder
),
asked as (
    -- without a share every step is given; between two it goes straight
    select relief_pct as pct, relief_pct as from_pct, relief_pct as to_pct, 0.0 as part
    from ladder where $relief_pct is null and relief_pct > 0
    union all
    select $relief_pct, relief_pct, next_pct, ($relief_pct - relief_pct) / (next_pct - relief_pct)
    from steps
    where $relief_pct >= relief_pct and ($relief_pct < next_pct
        or $relief_pct = next_pct and next_pct = (select max(relief_pct) from ladder))
)
select
    below.cell_id, cast(pct as double) as relief_pct,
    below.drops_avoided_month + part * (above.drops_avoided_month - below.drops_avoided_month) as drops_avoided_month,
    below.drops_avoided_month_lo + part * (above.drops_avoided_month_lo - below.drops_avoided_month_lo) as drops_avoided_month_lo,
    below.drops_avoided_month_hi + part * (above.drops_avoided_month_hi - below.drops_avoided_month_hi) as drops_avoided_month_hi,
    below.complainants_avoided + part * (above.complainants_avoided - below.complainants_avoided) as complainants_avoided,
    below.complainants_avoided_lo + part * (above.complainants_avoided_lo - below.complainants_avoided_lo) as complainants_avoided_lo,
    below.complainants_avoided_hi + part * (above.complainants_avoided_hi - below.complainants_avoided_hi) as complainants_avoided_hi,
    below.detractors_avoided + part * (above.detractors_avoided - below.detractors_avoided) as detractors_avoided,
    below.detractors_avoided_lo + part * (above.detractors_avoided_lo - below.detractors_avoided_lo) as detractors_avoided_lo,
    below.detractors_avoided_hi + part * (above.detractors_avoided_hi - below.detractors_avoided_hi) as detractors_avoided_hi,
    above.is_beyond_seen
from asked
    join ladder as below on below.relief_pct = from_pct
    join ladder as above on above.relief_pct = to_pct
order by relief_pct
