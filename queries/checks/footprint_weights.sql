-- footprint_weights: Which cells' weights do not sum to 1 on a level?
-- reads: cell_hex
-- params: none
-- returns: cell_id VARCHAR, level INTEGER, reason VARCHAR
-- grain: cell_id, level
with summed as (
    select cell_id, level, sum(weight) as weight from cell_hex group by cell_id, level
)
select cell_id, level,
    concat('cell ', cell_id, ' at level ', level, ': weights sum to ', weight) as reason
from summed
where weight is null or abs(weight - 1) > 1e-9
order by cell_id, level
