-- find_places: Which cells, sites and regions go by a name or id, in whatever spelling?
-- reads: cell, cell_hex, priority
-- params: text VARCHAR, top INTEGER = 8
-- returns: place_type VARCHAR, place_id VARCHAR, place_name VARCHAR, region VARCHAR, goes_by VARCHAR, shown_hex_text VARCHAR
-- grain: place_type, place_id
with named as (
    select 'cell' as place_type, cell_id as place_id, unnest([cell_id, cell_name, known_as,
        previous_cell_id, ecgi_or_ncgi, sector_id]) as name
    from cell
    union all select 'site', site_id, unnest([site_id, site_name]) from cell
    union all select 'region', region, region from priority where place_type = 'region' and region <> ''
    union all select 'asked', '', $text
),
spelt as (
    -- LDS-021, lds 21 and LDS21 are one: marks part numbers alone, and numbers begin with no zero
    select *, regexp_replace(regexp_replace(trim(regexp_replace(lower(strip_accents(name)),
        '[^\pL\pN]+', ' ', 'g')), ' ?(\pL) ?', '\1', 'g'), '(^|\D)0+(\d)', '\1\2', 'g') as spelling
    from named where place_id is not null and name is not null
),
fitting as (
    select place_type, place_id, name, case
            when spelling = asked then 1 when starts_with(spelling, asked) then 2 else 3 end as fit
    from spelt, (select spelling as asked from spelt where place_type = 'asked')
    where place_type <> 'asked' and asked <> '' and contains(spelling, asked)
),
best as (
    select place_type, place_id, min(fit) as fit, arg_min(name, (fit, name)) as goes_by
    from fitting group by place_type, place_id
),
site as (
    select site_id, min(coalesce(site_name, site_id)) as site_name from cell group by site_id
),
served as (
    -- where a cell that no list ranks is shown: the hexagon it serves most, of the finest level
    select cell_id, arg_max(hex_id, (level, weight)) as hex_id from cell_hex group by cell_id
)
select best.place_type, best.place_id,
    coalesce(site_name, best.place_id) as place_name,
    nullif(priority.region, '') as region,
    goes_by,
    lower(to_hex(coalesce(shown_hex_id, served.hex_id))) as shown_hex_text
from best
left join priority on priority.place_type = best.place_type
    and best.place_id = case best.place_type when 'cell' then priority.cell_id
        when 'site' then priority.site_id else priority.region end
left join site on best.place_type = 'site' and site.site_id = best.place_id
left join served on best.place_type = 'cell' and served.cell_id = best.place_id
order by fit, array_position(['region', 'site', 'cell'], best.place_type), place_name, place_id
limit $top
