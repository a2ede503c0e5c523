"""When: instants, hours, days, months."""

from contracts.fields.field import count, date, text, time, whole

FIELDS = [
    time("period_start_utc", "Start of a left-closed measuring period."),
    whole("period_s", "s", "Length of the measuring period, up to a day of 25 hours.", 1, 90_000),
    time("hour_start_utc", "Instant at which a local clock hour starts."),
    date("day_local", "Calendar day in the cell's or operator's zone, of 23 to 25 hours."),
    date("month", "First day of the calendar month."),
    text("period_grain", "Length of the period spoken of.", "day", "week", "month", "all"),
    date("period_start", "First local day of the period."),
    count("n_days", "Local days that have a value."),
    date("period_end", "Last local day of the period."),
    text("time_grain", "How exactly the time is known.", "instant", "hour", "day", "month"),
]  # fmt: skip
