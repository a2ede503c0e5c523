-- neighbours: To which cells does one cell hand over, how much of it, and how often does that fail?
-- reads: cell, neighbour
-- params: cell_id VARCHAR, top INTEGER = 20
-- returns: neighbour_cell_id VARCHAR, neighbour_rank INTEGER, handover_share DOUBLE, ho_exe_att BIGINT, ho_exe_succ BIGINT, ho_fail_rate DOUBLE, ho_fail_rate_lo DOUBLE, ho_fail_rate_hi DOUBLE, basis VARCHAR, lat DOUBLE, lon DOUBLE, neighbour_lat DOUBLE, neighbour_lon DOUBLE
-- grain: neighbour_cell_id
with newest as (
    select cell_id, max(coalesce(valid_from, date '1900-01-01')) as valid_from
    from cell where lat is not null and lon is not null group by cell_id
),
beam as (
    -- 300 m before the antenna: cells of one mast would lie on one another
    select
        cell_id,
        lat + if(azimuth_deg is null, 0, 0.3 * cos(radians(azimuth_deg)) / 111.2) as lat,
        lon + if(
            azimuth_deg is null, 0,
            0.3 * sin(radians(azimuth_deg)) / (111.2 * greatest(cos(radians(lat)), 0.01))
        ) as lon
    from cell join newest using (cell_id)
    where coalesce(cell.valid_from, date '1900-01-01') = newest.valid_from
)
select
    neighbour_cell_id, neighbour_rank, handover_share, ho_exe_att, ho_exe_succ,
    (ho_exe_att - ho_exe_succ) / ho_exe_att as ho_fail_rate,
    wilson_low(ho_exe_att - ho_exe_succ, ho_exe_att) as ho_fail_rate_lo,
    wilson_high(ho_exe_att - ho_exe_succ, ho_exe_att) as ho_fail_rate_hi, basis,
    own.lat, own.lon, other.lat as neighbour_lat, other.lon as neighbour_lon
from neighbour
    left join beam as own on own.cell_id = neighbour.cell_id
    left join beam as other on other.cell_id = neighbour_cell_id
where neighbour.cell_id = $cell_id
order by neighbour_rank
limit $top
