"""Settings tell every fault at once, each with its key, its file and its remedy."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from contracts.errors import SettingsError
from contracts.regulator import in_force
from contracts.settings.load import load
from contracts.settings.sections import Settings

GOOD = """
[operator]
name = "Example Mobile"
timezone = "Europe/London"
country = "GB"
bbox = [-0.6, 51.2, 0.4, 51.8]
[grid]
level = 8
[[source]]
table = "pm"
path = "raw/*.csv"
[source.columns]
cell_id = "Cell"
period_start_utc = "Start"
call_attempts = "Attempts"
dropped_calls = "Drops"
[source.constants]
period_s = 3600
"""


def _load(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    path = folder / "hexperience.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ=environ or {})


def _faults(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as refusal:
        _load(folder, text)
    return str(refusal.value)


def test_a_good_file_is_read_and_frozen(tmp_path: Path) -> None:
    settings = _load(tmp_path, GOOD)
    assert settings.operator.name == "Example Mobile"
    assert settings.source[0].columns["cell_id"] == "Cell"
    assert settings.resolve("raw") == tmp_path / "raw"
    with pytest.raises(ValueError, match="frozen"):
        settings.grid.level = 7  # type: ignore[misc]


def test_environment_beats_file_and_arguments_beat_both(tmp_path: Path) -> None:
    environ = {"HEXPERIENCE_GRID__LEVEL": "7"}
    assert _load(tmp_path, GOOD, environ).grid.level == 7
    path = tmp_path / "hexperience.toml"
    assert load(path, environ=environ, arguments={"grid": {"level": 6}}).grid.level == 6


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("timezone", "timzone").replace("level = 8", "level = 12")
    text = text.replace("call_attempts", "call_attemts").replace("-0.6, 51.2", "0.6, 51.2")
    faults = _faults(tmp_path, text)
    for fault in (
        "hexperience.toml",
        "[operator] timzone: unknown key; did you mean timezone?",
        "[grid] level: Input should be less than or equal to 9 (got 12)",
        "call_attemts: no column of pm; did you mean call_attempts?",
        "pm needs one complete pair: call_attempts and dropped_calls",
        "[operator] bbox: [0.6, 51.2, 0.4, 51.8] crosses the date line, as west is above east, and "
        "is 359.8 degrees wide; exchange west and east",
    ):
        assert fault in faults


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('table = "pm"', 'table = "pn"', "table: Input should be"),
        ('path = "raw/*.csv"', "", "path: missing; it has no default"),
        ("raw/*.csv", "${NOWHERE}/*.csv", "the environment has no NOWHERE"),
        ("Europe/London", "Europe/Londn", "no IANA zone 'Europe/Londn'; did you mean"),
        ('"GB"', '"XX"', "country: no holidays known for 'XX'"),
        ("period_s = 3600", "", "period_s: required by pm; name their column"),
        ('call_attempts = "Attempts"', "", "pm needs one complete pair"),
        ("[source.constants]", "[source.constants]\ncell_id = 'x'", "cell_id: also in"),
        ("[[source]]", "[[source", "not TOML"),
        (
            "[source.constants]",
            "[source.from_name]\nperiod_s = { text = '{p}' }\n[source.constants]",
            "[source.from_name] pattern: missing",
        ),
        (
            "[source.constants]",
            "[source.from_name]\npattern='(?P<q>x)'\nperiod_s={text='{p}'}\n[source.constants]",
            "no group (?P<p>...) in the pattern",
        ),
        (
            "[source.constants]",
            "[source.scale]\ndl_vol_kbit=8\n[source.constants]",
            "dl_vol_kbit: not in [source.columns]",
        ),
        (
            "[source.constants]",
            "[source.scale]\ncall_attempts=inf\n[source.constants]",
            "call_attempts: Input should be a finite number",
        ),
    ],
)
def test_a_fault_names_its_key_and_remedy(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in _faults(tmp_path, GOOD.replace(old, new))


def test_a_missing_file_says_where_to_put_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such configuration"):
        load(tmp_path / "none.toml")


def test_no_sources_is_a_fault(tmp_path: Path) -> None:
    assert "[[source]]: none given" in _faults(tmp_path, '[operator]\nname = "x"\n')


def test_a_limit_of_the_regulator_that_does_not_exist_is_named(tmp_path: Path) -> None:
    own = '[regulator]\nlimits = { qsd_drop_rate_pct = 1.0 }\nsource = "licence"\n'
    settings = _load(tmp_path, GOOD + own)
    limits = in_force(settings.regulator.limits, settings.regulator.source)
    limits = limits.set_index("threshold_name")
    assert limits.loc["qsd_drop_rate_pct"].tolist()[:1] == [1.0]
    assert limits.loc["qsd_drop_rate_pct", "threshold_source"] == "licence"
    assert limits.loc["qtd_drop_rate_pct", "threshold_source"] != "licence"
    faults = _faults(tmp_path, GOOD + own.replace("qsd", "qqd"))
    assert "[regulator] limits: no threshold 'qqd_drop_rate_pct'; did you mean" in faults


AUDIENCES = """
[delivery.mail]
host = "mx.example.org"
security = "none"
user = "reports"
[audience.north]
kpis = ["drop_rat"]
channel = "mail"
recipients = ["a@example.org", "nobody", "nobody"]
[audience.south]
sections = ["firsts"]
recipients = ["out"]
[audience.Hooks]
channel = "webhook"
recipients = ["http://hooks.example.org/T1/secret"]
"""


@pytest.mark.parametrize(
    "fault",
    [
        "[audience.north] kpis: no KPI 'drop_rat'; did you mean drop_rate?",
        "[audience.north] recipients: 'nobody' is no mail address; write it as name@example.org",
        "[audience.north] recipients: one is named twice",
        "[audience.north] channel: mail needs host and sender in [delivery.mail]",
        "[audience.south] sections 0: Input should be 'regions', 'where'",
        "[audience.Hooks]: a name has small letters",
        "[audience.Hooks] recipients: webhook at hooks.example.org is no https address",
        "[delivery.mail] security: none would send reports in clear",
        "[delivery.mail] user: without starttls or tls the password would go in clear",
    ],
)
def test_what_can_not_be_of_an_audience_is_refused_with_its_key(tmp_path: Path, fault: str) -> None:
    faults = _faults(tmp_path, GOOD + AUDIENCES)
    assert fault in faults
    # what follows the host of a webhook is a secret
    assert "T1" not in faults
