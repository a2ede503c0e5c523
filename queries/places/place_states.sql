-- place_states: At how many places of each kind is there something to do, and how many are well?
-- reads: priority
-- params: place_type VARCHAR = NULL
-- returns: place_type VARCHAR, place_state VARCHAR, n_places BIGINT
-- grain: place_type, place_state
select place_type, place_state, count(*) as n_places
from priority
where place_type = coalesce($place_type, place_type) and place_state is not null
group by place_type, place_state
order by place_type, place_state
