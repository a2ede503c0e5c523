-- response_rates: How many of those asked in each survey wave and stratum answered?
-- reads: survey_response
-- params: none
-- returns: survey_type VARCHAR, wave VARCHAR, stratum VARCHAR, n_invited BIGINT, n_delivered BIGINT, n_completed BIGINT, delivered_share DOUBLE, response_rate DOUBLE, shown VARCHAR
-- grain: survey_type, wave, stratum
select
    survey_type, wave, stratum, n_invited, n_delivered, n_completed,
    n_delivered / nullif(n_invited, 0) as delivered_share,
    -- of all invited, delivered or not: AAPOR's response rate 1
    n_completed / nullif(n_invited, 0) as response_rate,
    shown
from survey_response
order by survey_type, wave desc, stratum
