"""Where a row came from, and why it was refused."""

from contracts.fields.field import Field, text, time

FIELDS = [
    text("source_file", "File the row came from, relative to the configuration."),
    text("file_hash", "SHA-256 of that file, first 16 hex digits."),
    Field("source_row", "BIGINT", "",
          "Row of that file; of delimited text the header is 1, empty lines are not counted.", 1),
    time("loaded_utc", "When the file arrived (its modification time)."),
    text("column_name", "Column at fault; empty = the whole row."),
    text("reason", "Why, in words."),
    text("masked_value", "The value with letters as x and digits as 9; identifiers left out."),
    text("scope", "row: the row was refused; value: only the value was set to missing.",
          "row", "value"),
]  # fmt: skip
