-- counts: How many hexagons, cells and changes does the newest run speak of?
-- reads: cell_day, change_point, hex_place, run
-- params: none
-- returns: run_id VARCHAR, as_of_utc TIMESTAMPTZ, n_hexes BIGINT, n_cells BIGINT, n_changes BIGINT
-- grain: run_id
select
    run_id, as_of_utc,
    (select count(*) from hex_place where hex_place.level = run.level) as n_hexes,
    (select count(distinct cell_id) from cell_day) as n_cells,
    (select count(*) from change_point) as n_changes
from run
order by run_id
