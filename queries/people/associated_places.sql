-- associated_places: Place by place, over the months in which both are known: a KPI, and what customers say?
-- reads: place_rate
-- params: kpi VARCHAR = drop_rate, metric VARCHAR = complaints_per_1000, outcome_class VARCHAR = network
-- returns: hex_text VARCHAR, n_months BIGINT, n_few BIGINT, kpi_value DOUBLE, cases_lo DOUBLE, cases_hi DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE
-- grain: hex_text
with figure as (
    select hex_id, level, metric, outcome_class, period_start, numerator, denominator, n_effective, value,
        promoter_share, detractor_share, shown
    from place_rate
    where place_type = 'hex' and period_grain = 'month'
),
-- all outcomes stand on hexagons as coarse as the coarsest of them, as in table association
place_level as (
    select min(finest) as level
    from (
        select max(level) as finest from figure
        where metric = 'nps' or metric like 'complaints_%'
        group by metric
    )
),
outcome as (
    select figure.* from figure join place_level using (level)
    where metric = $metric and shown in ('shown', 'few') and denominator > 0
        -- of two kinds of survey the one about the brand
        and (metric <> 'nps' or outcome_class = (select min(outcome_class) from figure where metric = 'nps'))
        and (metric = 'nps' or outcome_class = $outcome_class)
),
network_kpi as (
    select hex_id, period_start, value, denominator
    from figure join place_level using (level)
    where metric = $kpi and value is not null
),
summed as (
    select
        hex_id, count(*) as n_months, count_if(shown = 'few')::bigint as n_few,
        case when count(network_kpi.denominator) = count(*)
            then sum(network_kpi.value * network_kpi.denominator) / nullif(sum(network_kpi.denominator), 0)
            else avg(network_kpi.value) end as kpi_value,
        -- a month of 1 to 4 cases has one at least and four at most
        sum(case when shown = 'few' then 1 else numerator end) as cases_lo,
        sum(case when shown = 'few' then 4 else numerator end) as cases_hi,
        sum(outcome.denominator) as persons, sum(n_effective) as answers,
        sum(promoter_share * n_effective) as promoters, sum(detractor_share * n_effective) as detractors
    from outcome join network_kpi using (hex_id, period_start)
    group by hex_id
)
select
    hex_text(hex_id) as hex_text, n_months, n_few, kpi_value,
    case when $metric <> 'nps' then cases_lo::double end as cases_lo,
    case when $metric <> 'nps' then cases_hi::double end as cases_hi,
    case when $metric = 'nps' then answers else persons end::double as denominator,
    case
        when $metric <> 'nps' then per * (cases_lo + cases_hi) / 2 / persons
        when $outcome_class = 'nps' then nps(promoters, detractors, answers)
        else case $outcome_class when 'promoters' then promoters else detractors end / answers
    end::double as value,
    case
        when $metric <> 'nps' then per * count_low(cases_lo) / persons
        when $outcome_class = 'nps'
            then nps(promoters, detractors, answers) - 1.645 * nps_se(promoters, detractors, answers)
        else wilson_low(case $outcome_class when 'promoters' then promoters else detractors end, answers)
    end::double as value_lo,
    case
        when $metric <> 'nps' then per * count_high(cases_hi) / persons
        when $outcome_class = 'nps'
            then nps(promoters, detractors, answers) + 1.645 * nps_se(promoters, detractors, answers)
        else wilson_high(case $outcome_class when 'promoters' then promoters else detractors end, answers)
    end::double as value_hi
from summed,
    (select case when $metric = 'complaints_per_10k_attempts' then 10000 else 1000 end as per)
where kpi_value is not null
order by hex_text
