-- predictions: What was said of works before they began, and what came of it?
-- reads: effect, prediction
-- params: none
-- returns: intervention_id VARCHAR, kind VARCHAR, registered_utc TIMESTAMPTZ, n_judged INTEGER, predicted_size DOUBLE, predicted_size_lo DOUBLE, predicted_size_hi DOUBLE, predicted DOUBLE, predicted_lo DOUBLE, predicted_hi DOUBLE, effect_kind VARCHAR, effect_size DOUBLE, effect_size_lo DOUBLE, effect_size_hi DOUBLE, realised DOUBLE, realised_lo DOUBLE, realised_hi DOUBLE, is_as_said BOOLEAN
-- grain: intervention_id
select
    prediction.intervention_id, kind, registered_utc, n_judged, predicted_size, predicted_size_lo,
    predicted_size_hi, predicted, predicted_lo, predicted_hi, effect_kind, effect_size,
    effect_size_lo, effect_size_hi, realised, realised_lo, realised_hi,
    -- NULL = not judged yet
    effect_size between predicted_size_lo and predicted_size_hi as is_as_said
from prediction left join effect
    on effect.sheet_kind = 'intervention' and effect.metric = 'drop_rate'
    and effect.sheet_id = prediction.intervention_id
order by registered_utc desc, prediction.intervention_id
