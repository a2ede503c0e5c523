-- place_quality: Which days of one place's cells failed a check, over its newest weeks?
-- reads: cell_day, cell_quality, place_cell
-- params: place_type VARCHAR, place_id VARCHAR, days INTEGER = 28
-- returns: check_name VARCHAR, verdict VARCHAR, n_cells BIGINT, n_days BIGINT, first_day DATE, last_day DATE, message VARCHAR
-- grain: check_name, verdict
select check_name, verdict, count(distinct cell_id) as n_cells, count(*) as n_days, min(day_local) as first_day,
    max(day_local) as last_day, min(message) as message
from cell_quality
where cell_id in (select cell_id from place_cell where place_type = $place_type and place_id = $place_id)
    and day_local > (select max(day_local) from cell_day) - cast($days as integer)
group by check_name, verdict
order by verdict = 'unsafe' desc, n_days desc, check_name, verdict
