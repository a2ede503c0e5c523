-- owed: Of drops that came or went since a change, how many are owed to load, place by place?
-- reads: cell, cell_hex, change_point, run
-- params: place_type VARCHAR = site, since DATE = NULL, top INTEGER = 100
-- returns: place_type VARCHAR, place VARCHAR, n_changes BIGINT, drops_load DOUBLE, drops_load_lo DOUBLE, drops_load_hi DOUBLE, drops_other DOUBLE, drops_other_lo DOUBLE, drops_other_hi DOUBLE, drops_untested DOUBLE
-- grain: place_type, place
with home as (
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(azimuth_deg, coalesce(valid_from, date '0001-01-01')) as azimuth_deg,
        arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
part as (
    select cell_id, site_id as place, 'site' as place_type, 1.0 as weight,
        null as valid_from, null as valid_to
    from home
    union all
    -- all carriers of a direction: what one hands to the other cancels
    select cell_id, concat_ws(' ', site_id, cast(round(azimuth_deg) as integer)), 'sector', 1.0,
        null, null
    from home where site_id is not null
    union all
    select cell_id, region, 'region', 1.0, null, null from home
    union all
    select cell_id, lower(to_hex(hex_id)), 'hex', weight, valid_from, valid_to
    from cell_hex semi join run using (level)
),
effect as (
    -- standard deviations of excess and share from their 90 % intervals, taken as independent
    select cell_id, drops_load, drops_other, if(p_load is null, drops_excess, 0.0) as untested,
        drops_excess, load_share,
        (drops_excess_hi - drops_excess_lo) / 3.29 as sd, (load_share_hi - load_share_lo) / 3.29 as sd_share,
        cast(timezone(run.timezone, change_utc) as date) as change_day
    from change_point cross join run
    where place_type = 'cell' and change_utc >= coalesce(cast($since as date), date '0001-01-01')
),
summed as (
    select part.place_type, place, count(*) as n_changes,
        coalesce(sum(weight * drops_load), 0.0) as drops_load,
        coalesce(sum(weight * drops_other), 0.0) as drops_other,
        sum(weight * untested) as untested,
        1.645 * sqrt(coalesce(sum(weight * weight * (
            load_share * load_share * sd * sd + drops_excess * drops_excess * sd_share * sd_share
        )), 0.0)) as load_half,
        1.645 * sqrt(coalesce(sum(weight * weight * (
            (1 - load_share) * (1 - load_share) * sd * sd
            + drops_excess * drops_excess * sd_share * sd_share
        )), 0.0)) as other_half
    -- in the footprint that held on the day of the change
    from effect join part
        on effect.cell_id = part.cell_id and coalesce(valid_from <= change_day, true)
        and coalesce(valid_to > change_day, true)
    where part.place_type = $place_type and place is not null
    group by part.place_type, place
)
select place_type, place, n_changes,
    drops_load, drops_load - load_half as drops_load_lo, drops_load + load_half as drops_load_hi,
    drops_other, drops_other - other_half as drops_other_lo, drops_other + other_half as drops_other_hi,
    untested as drops_untested
from summed
order by abs(drops_load) + abs(drops_other) + abs(untested) desc, place
limit $top
