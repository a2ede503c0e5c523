"""An invented operator with planted events, as raw files, and the truth beside them."""

from ingest.synth.write.files import write_operator

__all__ = ["write_operator"]
