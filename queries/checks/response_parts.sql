-- response_parts: Which survey strata answer more than they were asked, or are shown though too small?
-- reads: survey_response
-- params: min_subscribers INTEGER
-- returns: wave VARCHAR, stratum VARCHAR, survey_type VARCHAR, reason VARCHAR
-- grain: survey_type, wave, stratum
with judged as (
    select *, case
        when shown is distinct from 'shown'
            and coalesce(n_invited, n_delivered, n_completed, n_answers) is not null
            then 'is not marked shown and tells counts'
        when shown = 'shown' and (n_invited < $min_subscribers or n_completed < 5)
            then 'shows too few persons'
        when n_completed > n_invited then 'has more answers than invitations'
        when n_delivered > n_invited then 'has more deliveries than invitations'
        end as fault
    from survey_response
)
select wave, stratum, survey_type,
    concat_ws(' ', 'wave', wave, 'stratum', stratum, survey_type, fault) as reason
from judged
where fault is not null
order by survey_type, wave, stratum
