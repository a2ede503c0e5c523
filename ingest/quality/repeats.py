"""Contacts joined to complaints: stands here until the families read `complaint_counted`."""

from ingest.settle import repeats as settle_repeats

repeats = settle_repeats.repeats
