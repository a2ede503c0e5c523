"""KPIs are defined once, and an operator's own are refused with the remedy where they can't be."""

from pathlib import Path

import pytest

from contracts import kpis
from contracts.kpis import BUILT_IN, COLUMNS, FAMILIES, Kpi, catalogue
from contracts.settings.load import load
from contracts.tables import TABLES

CONFIG = """
[kpi.ho_late]
name = "Handovers that fail"
numerator = "ho_exe_att - ho_exe_succ"
denominator = "ho_exe_att"
better = "lower"

[[source]]
table = "pm"
path = "pm.csv"
[source.columns]
cell_id = "cell"
period_start_utc = "start"
period_s = "seconds"
call_attempts = "calls"
dropped_calls = "drops"
"""


def _faults(**keys: object) -> list[str]:
    one = {"name": "Mine", "numerator": "rrc_succ", "denominator": "rrc_att", "better": "higher"}
    return list(kpis.faults({"mine": Kpi(**{**one, **keys})}))


def test_the_built_in_kpis_have_no_fault_but_their_own_names() -> None:
    faults = list(kpis.faults({f"my_{name}": one for name, one in BUILT_IN.items()}))
    assert faults == []


def test_every_family_of_the_six_has_a_kpi() -> None:
    assert {one.family for one in BUILT_IN.values()} == set(FAMILIES) - {"own"}


def test_a_kpi_stands_on_columns_of_cell_days() -> None:
    assert {*catalogue().columns} <= {*TABLES["cell_day"].columns}
    assert {*COLUMNS.values()} <= {*TABLES["cell_day"].columns}


def test_a_product_has_the_parts_of_its_factors() -> None:
    known = catalogue()
    factors = ("rrc_setup_sr", "s1ng_setup_sr", "erab_setup_sr")
    assert known.parts("accessibility") == tuple(known.parts(name)[0] for name in factors)


def test_a_state_is_taken_times_its_time() -> None:
    (load_part,) = catalogue().parts("prb_dl_util_pct")
    assert load_part.columns == ("prb_dl_used_prb_s", "prb_dl_avail_prb_s")
    (users,) = catalogue().parts("rrc_users_mean")
    assert users.columns == ("rrc_user_s", "rrc_covered_s")
    (busy,) = catalogue().parts("drop_rate_bh")
    assert busy.columns == ("bh_dropped_calls", "bh_call_attempts")


def test_a_kpi_is_possible_in_each_way_that_its_counters_come() -> None:
    ways = {frozenset(way) for way in catalogue().ways("prb_dl_util_pct")}
    assert ways == {frozenset({"prb_dl_used", "prb_dl_avail"}), frozenset({"prb_dl_util_pct"})}


def test_intervals_are_of_counts_where_counts_are_counted_among_counts() -> None:
    kinds = {name: catalogue().interval(name) for name in BUILT_IN}
    assert kinds["ho_exec_sr"] == "counts"
    assert kinds["dl_user_thp_mbps"] == kinds["availability"] == "days"
    assert kinds["dl_volume_gb"] == "none"


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"numerator": "rrc_suc"}, "no counter 'rrc_suc'; did you mean rrc_succ?"),
        ({"numerator": "rrc_succ +"}, "expected a name, a number"),
        ({"numerator": "rrc_succ / rrc_att"}, "do not add over cells"),
        ({"numerator": "rrc_succ + 1"}, "counts once a cell and day"),
        ({"numerator": "rrc_succ[1]"}, "elements of vectors"),
        ({"numerator": "rrc_succ / 0"}, "it divides by 0"),
        ({"numerator": "rrc_succ + session_time_s"}, "n and s can't be added"),
        ({"denominator": "session_time_s"}, "n over s is no share"),
        ({"denominator": "rrc_att - rrc_att"}, "is never above 0"),
        ({"denominator": "-1 * rrc_att"}, "is never above 0"),
        ({"denominator": "2"}, "it names no counter"),
        ({"denominator": ""}, "denominator: missing"),
        ({"form": "sum"}, "denominator: form = 'sum' has none"),
        ({"form": "product", "numerator": "", "denominator": "", "factors": ("ho_sr",)},
         "no ratio 'ho_sr'"),
        ({"form": "state_mean", "denominator": ""}, "no state"),
        ({"better": "neither", "failures": True}, "failures: only of a ratio"),
        ({"at": "busy_hour"}, "no counter 'rrc_succ'"),
    ],
)  # fmt: skip
def test_an_own_kpi_that_can_not_be_is_refused_with_its_place(
    keys: dict[str, object], fault: str
) -> None:
    faults = _faults(**keys)
    assert any(fault in text for text in faults), faults
    assert all(text.startswith("[kpi.mine]") for text in faults)


def test_an_own_kpi_takes_no_name_that_there_is() -> None:
    own = Kpi(name="Mine", numerator="rrc_succ", denominator="rrc_att", better="higher")
    faults = list(kpis.faults({"drop_rate": own, "hex_id": own, "a b": own, "Big": own}))
    assert [fault.split(":")[0] for fault in faults] == [
        "[kpi.drop_rate]", "[kpi.hex_id]", "[kpi.a b]", "[kpi.Big]"
    ]  # fmt: skip


def test_a_configuration_may_have_own_kpis_in_six_lines(tmp_path: Path) -> None:
    file = tmp_path / "hexperience.toml"
    file.write_text(CONFIG, encoding="utf-8")
    own = load(file, environ={}).kpi
    assert catalogue(own).formula("ho_late") == "(ho_exe_att - ho_exe_succ) / ho_exe_att"


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('"lower"', '"less"', "[kpi.ho_late] better: Input should be"),
        ("better =", "bettr =", "[kpi.ho_late] bettr: unknown key; did you mean better?"),
        ('"ho_exe_att"', '"ho_exe_at"', "[kpi.ho_late] denominator: 'ho_exe_at': no counter"),
    ],
)
def test_a_configuration_with_a_wrong_kpi_is_refused_with_its_key(
    tmp_path: Path, before: str, after: str, fault: str
) -> None:
    file = tmp_path / "hexperience.toml"
    file.write_text(CONFIG.replace(before, after), encoding="utf-8")
    with pytest.raises(ValueError, match="fault") as error:
        load(file, environ={})
    assert fault in str(error.value)
