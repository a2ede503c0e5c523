-- full_in_place: When are the cells of one place full?
-- reads: capacity_outlook, place_cell
-- params: place_type VARCHAR, place_id VARCHAR
-- returns: cell_id VARCHAR, weight DOUBLE, limit_kind VARCHAR, limit_value DOUBLE, load_now DOUBLE, growth_year_pct DOUBLE, growth_year_pct_lo DOUBLE, growth_year_pct_hi DOUBLE, season_peak_pct DOUBLE, n_weeks INTEGER, outlook VARCHAR, months_to_full DOUBLE, months_to_full_lo DOUBLE, months_to_full_hi DOUBLE, full_on DATE, p_full_6_months DOUBLE, no_month_reason VARCHAR, unsafe_reason VARCHAR
-- grain: cell_id, limit_kind
with member as (
    -- of a cell whose footprint changed, the newest one
    select cell_id, weight from place_cell
    where place_type = $place_type and place_id = $place_id and valid_to is null
    qualify row_number() over (partition by cell_id order by valid_from desc nulls last) = 1
)
select
    cell_id, weight, limit_kind, limit_value, load_now, growth_year_pct, growth_year_pct_lo,
    growth_year_pct_hi, season_peak_pct, n_weeks, outlook, months_to_full, months_to_full_lo,
    months_to_full_hi, full_on, p_full_6_months, no_month_reason, unsafe_reason
from member join capacity_outlook as ahead
    on ahead.place_type = 'cell' and ahead.place_id = member.cell_id
order by months_to_full nulls last, p_full_6_months desc nulls last, cell_id, limit_kind
