"""Invented networks that share no functional form with `ingest.synth`, or with each other.

`offered`: drops follow the load that is offered, which PRB shows until it pegs. `queued`: drops
follow the delay of a scheduler's queue, which remembers. `planted` is what both plant, and how the
truth of it comes about: the world runs again with the same chance, without the event, without its
load part, without its other part.
"""
