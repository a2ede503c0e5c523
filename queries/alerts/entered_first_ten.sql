-- entered_first_ten: Which places are surely among the first ten of the list?
-- reads: priority
-- params: top INTEGER = 10
-- returns: place_type VARCHAR, place_id VARCHAR, place_name VARCHAR, region VARCHAR, rank INTEGER, rank_lo INTEGER, rank_hi INTEGER, begins BOOLEAN, says VARCHAR
-- grain: place_type, place_id
with ranked as (
    -- actions are taken at sites; where none are known, hexagons or cells are ranked
    select arg_min(place_type, list_position(['site', 'hex', 'cell'], place_type)) as place_type
    from priority
),
listed as (
    select priority.*, case place_type when 'cell' then cell_id when 'site' then site_id
        else lower(to_hex(hex_id)) end as place_id
    from priority join ranked using (place_type)
    where coalesce(place_state, 'act') = 'act' and unsafe_reason is null
    -- of ten places each is among the first ten
    qualify count(*) over () > $top::integer
)
select
    place_type, place_id, place_name, region, rank, rank_lo, rank_hi,
    -- the upper end of the rank's 90 % interval is among them: the probability is .95 or more
    rank_hi <= $top::integer as begins,
    format('{} {} is number {} of the list (90 % interval {} to {})', place_type,
        coalesce(place_name, place_id), rank, rank_lo, rank_hi) as says
from listed
-- what has entered stays until its rank is beyond
where rank <= $top::integer and rank_hi is not null
order by place_type, rank, place_id
