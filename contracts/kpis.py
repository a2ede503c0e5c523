"""The KPIs that are computed from counters, and which columns each needs."""

KPI_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "drop_rate": (("call_attempts", "dropped_calls"),),
    "prb_dl_util_bh_pct": (("prb_dl_used", "prb_dl_avail"), ("prb_dl_util_pct",)),
    "availability": (("unavail_s",), ("availability",)),
}
"""KPI -> sets of columns, any of which is enough."""
