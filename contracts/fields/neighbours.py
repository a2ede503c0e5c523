"""Pairs of cells, and what is handed over between them."""

from contracts.fields.field import share, text, whole

FIELDS = [
    text("neighbour_cell_id", "Cell that handovers go to; as a file names it, also by its global "
          "identity."),
    whole("neighbour_rank", "", "Place among the cell's neighbours, 1 = the largest share.", 1,
           None),
    share("handover_share", "Part of the cell's handovers that go to the neighbour; with basis "
          "geography, part of the ground that it shares with all its neighbours."),
    text("basis", "Whether handovers say so, or, where none are known of the cell, footprints that "
          "overlap stand in.", "handovers", "geography"),
]  # fmt: skip
