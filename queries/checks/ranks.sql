-- ranks: Which ranks of the priority list are missing, repeated or out of order?
-- reads: priority
-- params: none
-- returns: place_type VARCHAR, place_number BIGINT, reason VARCHAR
-- grain: place_type, place_number
with numbered as (
    select place_type, rank, drops_excess_month,
        row_number() over (partition by place_type order by rank) as place_number
    from priority
)
select place_type, place_number,
    concat('place ', place_number, ' of the ', place_type, ' list has rank ', rank) as reason
from numbered
where rank is distinct from place_number
order by place_type, place_number
