"""What the demo operator's people wrote: its config, its agents' notes, and the truth's README."""

# category: what an agent types, four ways
DESCRIPTIONS = {
    "Dropped calls": (
        "Calls cut off after a minute or two, several times a day.",
        "Customer says calls drop in the living room and in the street.",
        "Call dropped three times while talking to the bank.",
        "Line goes dead mid-call, had to redial. Started last week.",
    ),
    "Cannot make calls": (
        "Calls fail to connect, busy tone straight away.",
        "Has to try three or four times before a call goes through.",
        "Cannot ring out in the evening.",
        "Outgoing calls fail although the phone shows signal.",
    ),
    "No coverage": (
        "No service at home since the weekend.",
        "Phone shows no network anywhere in the village.",
        "Used to have signal here, now nothing.",
        "Emergency calls only at this address.",
    ),
    "Poor indoor signal": (
        "One bar indoors, has to go to the garden to call.",
        "Signal comes and goes in the kitchen.",
        "Fine outside, nothing upstairs.",
        "Weak signal in the office, colleagues on other networks are fine.",
    ),
    "Slow data": (
        "Videos buffer every evening.",
        "Very slow internet at busy times.",
        "Web pages take ages, full bars.",
        "Speed test shows less than one megabit after work.",
    ),
    "No data": (
        "Calls work, internet does not.",
        "Mobile data stops and comes back after a restart.",
        "No data connection at home.",
        "Apps cannot connect outside.",
    ),
    "Billing": (
        "Charged twice this month.",
        "Does not understand roaming charges on the bill.",
        "Price went up without notice, wants it explained.",
        "Direct debit taken early.",
    ),
    "Device/SIM": (
        "New phone does not read the SIM.",
        "eSIM transfer failed.",
        "Handset will not do calls over wi-fi.",
        "SIM damaged, wants a replacement.",
    ),
    "Nuisance calls": (
        "Gets silent calls every day.",
        "Scam calls pretending to be the bank.",
        "Wants a number blocked.",
        "Keeps getting marketing calls.",
    ),
}

# the work that relieves a cell: type, status, notes
UPGRADE = ("Carrier add", "Completed", "Second carrier on the sector, counted under the same cell")

# works that change nothing: type, status, notes, cost in pounds or None
WORKS = (
    ("Software upgrade", "Completed", "Release 26.2, no outage expected", None),
    ("Parameter change", "Completed", "Paging timers aligned with the golden set", None),
    ("Software upgrade", "Completed", "Release 26.2, no outage expected", None),
    ("Tilt change", "Rolled back", "Two degrees down, set back the same night", 900),
    ("Carrier add", "Scheduled", "Awaiting landlord's consent", 52_000),
)

TRUTH_README = """\
# The truth behind Aire Mobile, an invented operator

Nothing here is read by Hexperience; `../hexperience.toml` does not name this folder. It is for
judging what the pipeline finds. Times are UTC.

## events.csv: one planted event

- `event_id`: key.
- `kind`: load_step, load_growth_with_headroom, interference, coverage_loss, capacity_upgrade or
  neighbour_outage.
- `cell_id`: the cell whose counters show it; no two events share a cell.
- `neighbour_cell_id`: for a neighbour_outage, the cell that was down.
- `start_utc`: first hour of it.
- `ramp_end_utc`: hour from which it is at full strength; later than start_utc only for growth.
- `end_utc`: first hour after it; empty = it lasts beyond the data.
- `strength`: factor on demand (load_step, load_growth_with_headroom, neighbour_outage), on the
  drop rate (interference, coverage_loss) or on PRB % (capacity_upgrade).
- `ratio`: expected drops with the event / without it, at the attempts that came, from
  ramp_end_utc to end_utc.
- `load_share`: part of that change owed to load, 0..1: the mean of load's part when it comes first
  and when it comes last; empty where drops changed by less than a tenth.
- `drops_with`, `drops_without`: the two sums behind ratio.

## cells.csv: one cell

- `cell_id`, `setting`: key; city, town or country.
- `lat`, `lon`: where the mast truly is, also for the cell whose inventory says 0,0.
- `base_drop_rate`: drops per attempt below the knee, before the hour of day.
- `knee_prb_pct`: PRB % above which drops rise; empty = load does no harm.
- `log_slope_per_10_pct`: rise of the log drop rate per 10 points of PRB above the knee.
- `hourly_dispersion`: variance / mean of an hour's drops.
- `has_knee`: whether load does harm.

## footprint.parquet: where a cell's traffic is

`cell_id`, `hex_id` (H3 level 9, unsigned 64-bit), `weight` (sums to 1 per cell).

## How it was made

Expected attempts = busy-hour attempts x hour profile x free day (weekends, English bank holidays)
x day noise (AR(1) .3, sd .05-.08). PRB % follows calls (.35) and data (.65) with its own hourly
noise, up to 100. Expected drops = attempts x base x hour of day x exp(slope (PRB - knee)+ / 10)
x fault x day noise (sd .06); counts are gamma-Poisson with the cell's dispersion.
coverage_loss also lowers the median RSRP by 6-10 dB and attempts by 5-12 %. In a neighbour_outage
four fifths of the dead cell's traffic come to the cell. A capacity_upgrade's new carrier reports
under the cell's own name.

A hexagon's traffic is shared among the cells in range by received power (distance exponent 3.75,
65 degree antennas), and a cell's traffic lies where it serves and people live. Of a hundred drops
1.8 make a complaint within fourteen days; beside them stand 1.0 network complaints and 1.6 others
per 1,000 subscribers and month that have nothing to do with drops. A survey answer is a normal
(8, 2.3) less 1.8 per unit of log drop rate felt over 28 days, rounded into 0..10.
"""

CONFIG = """\
# Aire Mobile: an operator that does not exist, around Leeds. Rewritten by `hexperience demo`.
# Left of each equals sign stand Hexperience's names, right of it the names in the files.

[operator]
name = "Aire Mobile"
timezone = "Europe/London"
country = "GB"
subdivision = "ENG"
weekend = ["saturday", "sunday"]
bbox = [-2.05, 53.55, -1.15, 54.10]
regions = "regions.geojson"

[grid]
level = 8

[warehouse]
path = "warehouse"

[privacy]
# A demo key, the same for everybody: never use it for real customers.
key_file = "pseudonym.key"

[[source]]
table = "cell"
path = "raw/inventory/cells.csv"
reader = "delimited"
[source.columns]
cell_id = "Cell Name"
cell_name = "Cell Name"
site_id = "Site"
site_name = "Site Name"
technology = "Technology"
band = "Band"
bandwidth_mhz = "BW MHz"
lat = "Latitude"
lon = "Longitude"
azimuth_deg = "Azimuth"
height_m = "Height m"
valid_from = "On Air"
[source.formats]
valid_from = "%d/%m/%Y"
[source.values.technology]
lte = "LTE"
nr = "NR"

[[source]]
table = "pm"
path = "raw/pm/PM_*.csv"
reader = "delimited"
delimiter = ";"
timezone = "Europe/London"
na = ["NIL"]
[source.columns]
cell_id = "Cell Name"
period_start_utc = "Start Time"
call_attempts = "VoLTE Call Attempts"
call_setups = "VoLTE Call Setups"
dropped_calls = "VoLTE Call Drops"
prb_dl_util_pct = "DL PRB Utilisation (%)"
prb_ul_util_pct = "UL PRB Utilisation (%)"
rrc_users_mean = "Avg RRC Users"
dl_vol_kbit = "DL Traffic (MB)"
availability = "Cell Availability (%)"
rsrp_p50_dbm = "Median RSRP (dBm)"
[source.formats]
period_start_utc = "%d.%m.%Y %H:%M"
[source.scale]
dl_vol_kbit = 8000
availability = 0.01
[source.constants]
period_s = 3600

[[source]]
table = "complaint"
path = "raw/crm/complaints_*.csv"
reader = "delimited"
[source.columns]
complaint_id = "Ticket No"
subscriber_id = "MSISDN"
created_utc = "Opened"
channel = "Channel"
complaint_class = "Category"
complaint_type = "Category"
lat = "Lat"
lon = "Lon"
text_redacted = "Description"
[source.formats]
created_utc = "%Y-%m-%d %H:%M:%S"
[source.values.channel]
call_centre = "Phone"
app = "App"
web = "Web form"
store = "Shop"
social = "Social media"
[source.values.complaint_class]
network = [
    "Dropped calls", "Cannot make calls", "No coverage", "Poor indoor signal", "Slow data",
    "No data",
]
device = "Device/SIM"
account = "Billing"
other = "Nuisance calls"
[source.values.complaint_type]
call_drop = "Dropped calls"
call_setup_fail = "Cannot make calls"
coverage_none = "No coverage"
coverage_indoor = "Poor indoor signal"
data_slow = "Slow data"
data_none = "No data"
sim_device = "Device/SIM"
billing = "Billing"
unwanted_calls = "Nuisance calls"

[[source]]
table = "nps"
path = "raw/survey/nps_*.csv"
reader = "delimited"
[source.columns]
response_id = "Response Id"
subscriber_id = "Customer"
survey_type = "Survey"
wave = "Wave"
answered_utc = "Answered At"
score = "How likely are you to recommend us (0-10)"
survey_weight = "Weight"
stratum = "Stratum"
lat = "Latitude"
lon = "Longitude"
[source.formats]
answered_utc = "%Y-%m-%dT%H:%M:%S%z"
[source.values.survey_type]
relationship = "Relationship"

[[source]]
table = "nps_invite"
path = "raw/survey/invites.csv"
reader = "delimited"
[source.columns]
wave = "Wave"
stratum = "Stratum"
n_invited = "Invited"
n_delivered = "Delivered"
n_completed = "Completed"

[[source]]
table = "subscriber_base"
path = "raw/base/subscribers.csv"
reader = "delimited"
[source.columns]
place_id = "Hexagon"
month = "Month"
n_active_subscribers = "Subscribers"
arpu = "ARPU"
[source.formats]
month = "%Y-%m"
[source.constants]
place_type = "hex"

[[source]]
table = "intervention"
path = "raw/works/works.csv"
reader = "delimited"
[source.columns]
intervention_id = "Ref"
kind = "Work Type"
cell_id = "Cell"
site_id = "Site"
start_utc = "Start"
end_utc = "Finish"
status = "Status"
description = "Notes"
cost_amount = "Cost GBP"
[source.formats]
start_utc = "%d/%m/%Y %H:%M"
end_utc = "%d/%m/%Y %H:%M"
[source.values.kind]
new_carrier = "Carrier add"
sw_upgrade = "Software upgrade"
parameter = "Parameter change"
tilt = "Tilt change"
[source.values.status]
done = "Completed"
planned = "Scheduled"
rolled_back = "Rolled back"
[source.constants]
cost_currency = "GBP"

[[source]]
table = "outage"
path = "raw/works/outages.csv"
reader = "delimited"
[source.columns]
outage_id = "Incident"
cell_id = "Cell"
start_utc = "Down From"
end_utc = "Up Again"
planned = "Planned Y/N"
cause_class = "Cause"
[source.formats]
start_utc = "%d/%m/%Y %H:%M"
end_utc = "%d/%m/%Y %H:%M"
[source.values.planned]
true = "Y"
false = "N"
[source.values.cause_class]
power = "Power failure"
transmission = "Fibre cut"
hardware = "Hardware fault"
planned_work = "Planned work"
"""
