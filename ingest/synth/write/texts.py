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

TRUTH_README = """\
# The truth behind Aire Mobile, an invented operator

Nothing here is read by Hexperience; `../hexperience.toml` does not name this folder. It is for
judging what the pipeline finds. Times are UTC.

## events.csv: one planted change of one cell

- `event_id`: key. `cell_id`: the cell whose counters show it. `partner_cell_id`: for a
  neighbour_outage the cell that was down, for carriers_rebalanced the sector's other carrier.
- `kind`: what happened, see below.
- `start_utc`: first hour of it. `ramp_end_utc`: hour from which it is at full strength; later than
  start_utc only where it grows. `end_utc`: first hour after it; empty = it lasts beyond the data.
- `age_days`: days from its start to the end of the data.
- `drops_with`, `drops_without`: expected drops from ramp_end_utc to end_utc at the attempts that
  came, with the event and without it. `ratio`: the first over the second.
- `load_share`: part of that change due to load: the mean of load's part when it comes first and
  when it comes last; empty where drops changed by less than a tenth; below 0 or above 1 where load
  and fault pull apart.
- `attribution`: load, relief (load that went), other, or none where drops changed by less than a
  tenth.
- `drops_before`, `drops_after`: expected in up to 28 days before start_utc and after ramp_end_utc.
  `visible_sd`: |log ratio| over its standard deviation from these two counts and the cell's phi.
- `prb_before_pct`, `prb_after_pct`: mean busy-hour PRB of the same days, %. `prb_moved`: whether
  the event moves expected PRB by 7 % or more.
- `demand`, `room`, `efficiency`, `fault`: the factors drawn, on what customers ask for, on the
  blocks that carry it, on what a block carries, and on the drop rate; `rsrp_db`: added to RSRP.
- `level_of_noise`: normal or heavy.

| kind | what it does |
| --- | --- |
| load_step, load_ramp | demand rises at once, or over days, past what the cell bears |
| load_growth_with_headroom | demand rises, drops do not |
| interference, hardware_fault, parameter_change | the drop rate rises; load stays |
| interference_daytime | the same, from 8 to 20 local time only |
| interference_raising_prb | the drop rate rises and so does PRB, at the same demand |
| coverage_loss | the drop rate rises, the median RSRP falls, some demand is lost |
| fault_behind_load | a fault, and beside it a rise of load that does no harm |
| load_and_fault | both at once, and both count |
| capacity_upgrade | more blocks: drops fall; the new carrier counts under the cell's own name |
| carriers_rebalanced | load moves between the two carriers of a sector: two rows |
| neighbour_outage, neighbour_outage_over | four fifths of a dead cell's calls come, and go again |
| passing_fault, passing_fault_over | a fault comes and, after some days, goes by itself |
| fault_cleared | a fault that was there from the first hour is mended |
| low_traffic_fault | a fault where hardly anybody calls |
| work_that_helped | a work on one of the month's worst cells that does what was hoped of it |

Beside them, without a row: public holidays, seasons, growth, the clock change, short outages (all
in the log), lost rows, gaps of a day or two, counters that went backwards, and bad days.

## families.csv: one event in each family of KPIs

- `event_id`: key. `family`, `kind`, `cell_id`: what happened, and where. `kpi`: in which it shows.
- `start_utc`: first hour of it; all of it at once, and it lasts to the data's end. Of growth: the
  first hour of the data.
- `value_before`, `value_after`: the KPI over up to 28 days before the start, and over the newest 28
  days since; of growth over the first and last 28 days.
- `strength`: of set-ups or handovers the part that fails besides; of throughput the part that is
  left; of growth the log ratio a year, beside the growth that all cells have.
- `months_to_knee`: of growth, from the data's end until the mean busy hour is at the cell's
  `harm_at_pct`, were there no season; negative = it was there before.

| kind | what it does |
| --- | --- |
| access_barring | connections are refused; the calls that come through are as before |
| handover_misset | after an antenna was swapped, handovers are prepared and fail |
| sleeping_cell | the cell says it is available and carries nothing |
| slow_backhaul | the same volume takes two to three times as long, whatever the load |
| growth_to_knee | a year ago the cell had far less calls and load; drops follow its curve |

Customers complain and answer as if the sleeping and the growing cell had carried all their calls.

## works.csv: what the works in `raw/works/works.csv` truly did

- `intervention_id`, `cell_id`: key, and where.
- `true_ratio`: expected drops after the work over those without it; 1 = it does nothing.
- `chosen_because_bad`: whether the cell was picked, as every 30 days, because its drop rate of the
  last 28 days was highest against its own past. Most of these works do nothing, and the cells
  recover all the same.

## nps.csv: one wave and stratum of the survey

- `wave`, `stratum`: key. `n_invited`, `n_delivered`, `n_completed`: as in invites.csv.
- `nps_of_invited`: NPS of all who were asked, had they all answered. `nps_of_answers`: of those who
  did, unweighted.

## cells.csv: one cell

- `cell_id`, `setting`: key; city, town or country. `lat`, `lon`: where the mast truly is, also for
  the cell whose inventory says 0,0.
- `busy_attempts`, `prb_busy_pct`: attempts and PRB % asked for in a working day's busiest hour,
  before season, events and chance. `uplink_per_downlink`: uplink PRB over downlink PRB.
- `base_rate`: drops per attempt without load's harm and faults.
- `harm`, `harm_at_pct`, `harm_width_pct`: load multiplies drops by
  1 + harm / (1 + exp(-(asked - harm_at_pct) / harm_width_pct)); harm 0 = load does none.
- `phi`: variance / mean of an hour's drops.

## footprint.parquet: where a cell's traffic is

`cell_id`, `hex_id` (H3 level 9, unsigned 64-bit), `weight` (sums to 1 per cell).

## How it was made

Expected attempts = busy-hour attempts x the cell's hour profile x free day (its own factor) x
season x growth x noise that remembers hours and days. PRB asked for follows calls (.35) and data
(.65), each with noise of its own; PRB % shows it bending to 100, so an overloaded cell's counter
stands still while users wait. The fuller of downlink and uplink does the harm. Expected drops =
attempts x base x hour of day x harm x fault x luck of days and weeks; counts are gamma-Poisson.
With level_of_noise "heavy" all of that noise is 1.5 to 5 times as large and remembers longer.

A hexagon's traffic is shared among the cells in range by received power (distance exponent 3.75,
65 degree antennas), and a cell's traffic lies where it serves and people live. Of a hundred drops
1.8 make a complaint one to fourteen days later, and of a hundred complaints 6 are repeated within a
week; beside them stand 1.0 network complaints and 1.6 others (billing first) per 1,000 subscribers
and month that have nothing to do with drops. A survey score is a normal (8, 2.3) less 1.8 per unit
of log drop rate felt over 28 days, rounded into 0..10. Who is asked answers with .05, .11 or .20 by
age; detractors 1.5 times as often in the cities, .7 times in the countryside. Weights mend the
first, nothing mends the second.
"""

# columns of the counters, by the hour and in the archive
_COUNTERS = """\
call_attempts = "VoLTE Call Attempts"
call_setups = "VoLTE Call Setups"
dropped_calls = "VoLTE Call Drops"
prb_dl_util_pct = "DL PRB Utilisation (%)"
prb_ul_util_pct = "UL PRB Utilisation (%)"
rrc_users_mean = "Avg RRC Users"
dl_vol_kbit = "DL Traffic (MB)"
availability = "Cell Availability (%)"
rsrp_p50_dbm = "Median RSRP (dBm)"
rrc_att = "RRC Attempts"
rrc_succ = "RRC Successes"
s1ng_att = "RRC Successes"
s1ng_succ = "S1 Successes"
bearer_att = "E-RAB Attempts"
bearer_succ = "E-RAB Successes"
ho_prep_att = "HO Attempts"
ho_prep_succ = "HO Prepared"
ho_exe_att = "HO Prepared"
ho_exe_succ = "HO Successes"
dl_thp_vol_kbit = "DL Burst Volume (kbit)"
dl_thp_time_ms = "DL Burst Time (ms)"
[source.scale]
dl_vol_kbit = 8000
availability = 0.01
"""

CONFIG = (
    """\
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

[plan]
# In the cost units of the packaged catalogue, whose costs are invented as everything here.
budgets = [200, 600, 1800]
crew_weeks = { "*" = 20 }

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
na = ["NIL"]
[source.columns]
cell_id = "Cell Name"
period_start_utc = "Start Time"
"""
    + _COUNTERS
    + """\
[source.formats]
period_start_utc = "%d.%m.%Y %H:%M %z"
[source.constants]
period_s = 3600

[[source]]
table = "pm_relation"
path = "raw/relations/relations.csv"
reader = "delimited"
[source.columns]
cell_id = "Source Cell"
neighbour_cell_id = "Target Cell"
period_start_utc = "Day"
ho_exe_att = "HO Attempts"
ho_exe_succ = "HO Successes"
[source.formats]
period_start_utc = "%d.%m.%Y"
[source.constants]
period_s = 86400

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
cell_id = "Cell"
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
swap = "Antenna swap"
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
)

# its archive: old days as totals, in seconds of their own where the clock changed
DAILY_SOURCE = (
    """\

[[source]]
table = "pm"
path = "raw/pm/daily/PMD_*.csv"
reader = "delimited"
delimiter = ";"
timezone = "Europe/London"
na = ["NIL"]
[source.columns]
cell_id = "Cell Name"
period_start_utc = "Day"
period_s = "Seconds"
"""
    + _COUNTERS
    + """\
[source.formats]
period_start_utc = "%d.%m.%Y"
"""
)
