-- full_counts: How many cells and sectors are full, or will be, and of how many is it not known?
-- reads: capacity_outlook
-- params: none
-- returns: place_type VARCHAR, limit_kind VARCHAR, n_places BIGINT, n_full BIGINT, n_within_6 BIGINT, n_within_24 BIGINT, n_later BIGINT, n_unknown BIGINT, n_full_6_months DOUBLE, first_place_id VARCHAR, first_months DOUBLE
-- grain: place_type, limit_kind
select
    place_type, limit_kind, count(*) as n_places,
    count(*) filter (outlook = 'full') as n_full,
    count(*) filter (outlook = 'within_6') as n_within_6,
    count(*) filter (outlook = 'within_24') as n_within_24,
    count(*) filter (outlook = 'not_within_24') as n_later,
    count(*) filter (outlook = 'unknown') as n_unknown,
    -- expected number: odds near a half count by halves
    sum(p_full_6_months) as n_full_6_months,
    -- the first of those that are not full yet
    min_by(place_id, (months_to_full, place_id)) filter (months_to_full > 0) as first_place_id,
    min(months_to_full) filter (months_to_full > 0) as first_months
from capacity_outlook
group by place_type, limit_kind
order by place_type, limit_kind
