-- cell_names: Under which ids was one cell known, and when?
-- reads: cell
-- params: cell_id VARCHAR
-- returns: name VARCHAR, valid_from DATE, valid_to DATE
-- grain: name, valid_from
select coalesce(known_as, cell_id) as name, valid_from, valid_to
from cell
where cell_id = $cell_id
order by valid_from nulls first, name
