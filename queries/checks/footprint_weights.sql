-- footprint_weights: Which cells' weights do not sum to 1 on a level, while they are valid?
-- reads: cell_hex
-- params: none
-- returns: cell_id VARCHAR, level INTEGER, valid_from DATE, reason VARCHAR
-- grain: cell_id, level, valid_from
with summed as (
    select cell_id, level, valid_from, sum(weight) as weight
    from cell_hex
    group by cell_id, level, valid_from
)
select cell_id, level, valid_from,
    concat('cell ', cell_id, ' at level ', level, coalesce(concat(' from ', valid_from), ''),
        ': weights sum to ', weight) as reason
from summed
where weight is null or abs(weight - 1) > 1e-9
order by cell_id, level, valid_from
