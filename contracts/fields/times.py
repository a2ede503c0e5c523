"""When: instants, hours, days, months."""

from contracts.fields.field import count, date, flag, text, time, whole

FIELDS = [
    time("period_start_utc", "Start of a left-closed measuring period."),
    whole("period_s", "s", "Length of the measuring period, up to a day of 25 hours.", 1, 90_000),
    time("hour_start_utc", "Instant at which a local clock hour starts."),
    date("day_local", "Calendar day in the cell's or operator's zone, of 23 to 25 hours."),
    whole("weekday", "", "Day of the week, 1 = Monday to 7 = Sunday.", 1, 7),
    whole("iso_year", "", "Year of the ISO week.", 1900, 2200),
    whole("iso_week", "", "ISO week: the first one holds 4 January.", 1, 53),
    flag("rest_day", "Whether it is a day of the weekend or a public holiday."),
    text("holiday", "Name of the public holiday; NULL = none, or no country is set."),
    date("last_year_day", "The same weekday 52 weeks before."),
    date("month", "First day of the calendar month."),
    text("period_grain", "Length of the period spoken of.", "day", "week", "month", "all"),
    date("period_start", "First local day of the period."),
    count("n_days", "Local days that have a value."),
    date("period_end", "Last local day of the period."),
    text("time_grain", "How exactly the time is known.", "instant", "hour", "day", "month"),
]  # fmt: skip
