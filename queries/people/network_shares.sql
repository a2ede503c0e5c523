-- network_shares: How much of complaints and of detractors do drops and load account for, region by region?
-- reads: network_share
-- params: metric VARCHAR = NULL, region VARCHAR = NULL
-- returns: place_type VARCHAR, region VARCHAR, metric VARCHAR, period_start DATE, network_class_share DOUBLE, device_class_share DOUBLE, account_class_share DOUBLE, other_class_share DOUBLE, network_share DOUBLE, network_share_lo DOUBLE, network_share_hi DOUBLE, elsewhere_lo DOUBLE, elsewhere_hi DOUBLE, network_share_visible DOUBLE, is_newest BOOLEAN, unsafe_reason VARCHAR
-- grain: place_type, region, metric, period_start
select
    place_type, region, metric, period_start, network_class_share, device_class_share,
    account_class_share, other_class_share, network_share, network_share_lo, network_share_hi,
    -- what is not about the network, whatever it is about
    1 - network_share_hi as elsewhere_lo, 1 - network_share_lo as elsewhere_hi, network_share_visible,
    -- the newest month in which anything is known of the metric
    period_start = max(case when network_share is not null then period_start end) over (partition by metric)
        as is_newest,
    unsafe_reason
from network_share
where metric = coalesce($metric, metric) and region = coalesce($region, region)
order by metric, period_start desc, place_type = 'region', region
