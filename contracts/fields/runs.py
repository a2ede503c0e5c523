"""What went into a run, and what was found wrong with it."""

from contracts.fields.field import count, text, time, whole

FIELDS = [
    text("table_name", "Table spoken of."),
    text("check_name", "What was checked."),
    text("message", "The finding in words."),
    count("n_read", "Rows read."),
    count("n_accepted", "Rows accepted."),
    count("n_refused", "Rows refused; read = accepted + refused."),
    count("n_values_missing", "Impossible values set to missing in accepted rows."),
    count("n_resets", "Values below zero among them: the counter was reset in that period."),
    time("as_of_utc", "End of the newest accepted period or event."),
    text("software_version", "Version of Hexperience."),
    whole("schema_version", "", "Version of the published tables.", 1, None),
    text("operator_name", "The operator."),
]  # fmt: skip
