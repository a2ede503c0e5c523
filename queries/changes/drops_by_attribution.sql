-- drops_by_attribution: Of drops that came or went by changes, how many are due to load, place by place?
-- reads: change_point, place_cell, run
-- params: place_type VARCHAR = site, since DATE = NULL, top INTEGER = 100
-- returns: place_type VARCHAR, place VARCHAR, n_changes BIGINT, drops DOUBLE, drops_lo DOUBLE, drops_hi DOUBLE, drops_load DOUBLE, drops_load_lo DOUBLE, drops_load_hi DOUBLE, drops_other DOUBLE, drops_other_lo DOUBLE, drops_other_hi DOUBLE, drops_untested DOUBLE
-- grain: place_type, place
with change as (
    select change_id, change_utc, cell_id, load_share is not null as is_tested, ratio, ratio_lo, ratio_hi,
        ln(ratio) as by_all, coalesce(load_share, 0) as share,
        coalesce(load_share_hi - load_share_lo, 0) / 3.29 as sd_share,
        drops_excess / (1 - 1 / ratio) as counted,
        cast(timezone(run.timezone, change_utc) as date) as change_day
    from change_point cross join run
    where place_type = 'cell' and ratio > 0 and ratio <> 1
        and change_utc >= coalesce(cast($since as date), date '0001-01-01')
),
factor as (
    -- log factor by load alone: Shapley's share, solved for it
    select *, 2 * share * (ratio - 1) + 1 - ratio as q, ln((q + sqrt(q * q + 4 * ratio)) / 2) as by_load
    from change
),
stacked as (
    -- of a cell's changes each stands on those before it: all together against the rate before the first
    select *, exp(sum(by_all) over so_far) as now, exp(sum(by_load) over so_far) as loaded,
        counted / now as without
    from factor
    window so_far as (partition by cell_id, is_tested order by change_utc, change_id)
),
effect as (
    select *, without * (now - 1) as drops,
        without * (loaded - 1 + now - now / loaded) / 2 as drops_load,
        -- an error of one change goes on in those after it
        sum(without) over (partition by cell_id, is_tested order by change_utc, change_id
            rows between current row and unbounded following) as reach,
        reach * (ratio / ratio_lo - 1) as below, reach * (1 - ratio / ratio_hi) as above,
        (below + above) / 3.29 as sd, abs(reach * (ratio - 1)) * sd_share as sd_split
    from stacked
),
part as (
    select place_type, place_id as place, cell_id, weight, valid_from, valid_to
    from place_cell
    union all
    select distinct 'network', 'all', cell_id, 1.0, cast(null as date), cast(null as date) from change_point
),
per_cell as (
    -- in the footprint that held on the day of the change; errors of one cell's changes go together
    select part.place_type, place, cell_id, count(*) as n,
        coalesce(sum(weight * drops) filter (is_tested), 0) as tested,
        coalesce(sum(weight * drops_load) filter (is_tested), 0) as by_load,
        coalesce(sum(weight * drops) filter (not is_tested), 0) as untested,
        coalesce(sum(weight * below) filter (is_tested), 0) as below,
        coalesce(sum(weight * above) filter (is_tested), 0) as above,
        coalesce(sum(weight * sqrt((share * sd) ** 2 + sd_split ** 2)) filter (is_tested), 0) as sd_load,
        coalesce(sum(weight * sqrt(((1 - share) * sd) ** 2 + sd_split ** 2)) filter (is_tested), 0) as sd_other
    from effect join part using (cell_id)
    where part.place_type = $place_type
        and holds_on(valid_from, valid_to, change_day)
    group by part.place_type, place, cell_id
),
summed as (
    -- those of different cells correlate by .1 (docs/accuracy/sums.md)
    select place_type, place, cast(sum(n) as bigint) as n_changes, sum(tested) as drops,
        sum(by_load) as load, sum(tested) - sum(by_load) as other, sum(untested) as untested,
        sqrt(.9 * sum(below ** 2) + .1 * sum(below) ** 2) as below,
        sqrt(.9 * sum(above ** 2) + .1 * sum(above) ** 2) as above,
        1.645 * sqrt(.9 * sum(sd_load ** 2) + .1 * sum(sd_load) ** 2) as half_load,
        1.645 * sqrt(.9 * sum(sd_other ** 2) + .1 * sum(sd_other) ** 2) as half_other
    from per_cell
    group by place_type, place
)
select place_type, place, n_changes, drops, drops - below as drops_lo, drops + above as drops_hi,
    load as drops_load, load - half_load as drops_load_lo, load + half_load as drops_load_hi,
    other as drops_other, other - half_other as drops_other_lo, other + half_other as drops_other_hi,
    untested as drops_untested
from summed
order by abs(load) + abs(other) + abs(untested) desc, place
limit $top
