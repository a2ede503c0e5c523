"""Tables that people write, beside the marts."""

from contracts.tables.columns import names
from contracts.tables.table import Table

TABLES = [
    Table(
        "acknowledgement", "log", "one entry of the log of acknowledgements, beside the marts",
        names("""entry_id subject_type subject_id ack_status ack_owner ack_comment ack_by ack_utc
            is_newest"""),
        key=("entry_id",),
    ),
]  # fmt: skip
