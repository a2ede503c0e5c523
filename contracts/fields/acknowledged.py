"""What people noted of a change or place."""

from contracts.fields.field import Field, flag, text, time

FIELDS = [
    Field("entry_id", "BIGINT", "", "Number of the entry in the log, in the order written.", 1),
    text("subject_type", "What kind of thing is acknowledged.",
          "change", "site", "cell", "hex", "region"),
    text("subject_id", "Its stable key: change_id, site_id, cell_id, hexagon text or region."),
    text("ack_status", "How far somebody is with it; NULL = nobody has said.",
          "open", "acknowledged", "in_work", "done", "rejected"),
    text("ack_owner", "Who looks after it, as typed in; NULL = nobody has said."),
    text("ack_comment", "What was said last, e-mails and numbers taken out."),
    text("ack_by", "Who wrote the entry, as typed in: nobody has to sign in."),
    time("ack_utc", "When the entry was written."),
    flag("is_newest", "Whether it is the newest entry of its subject: the state it is in."),
]  # fmt: skip
