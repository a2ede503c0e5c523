"""Every section of the configuration and its settings, once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import holidays
from pydantic import Field

from contracts import kpis
from contracts.errors import nearest
from contracts.kpis import Kpi
from contracts.regulator import THRESHOLDS
from contracts.settings import audiences
from contracts.settings.audiences import Alert, Audience, Delivery
from contracts.source import Section, Source

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Operator(Section):
    """The network and where it stands."""

    name: str = Field("Unnamed operator", description="Name shown on every page and report.")
    timezone: str = Field("UTC", description="IANA zone of local days, unless a cell has its own.")
    country: str = Field("", description="ISO country code; its public holidays are rest days.")
    subdivision: str = Field("", description="Part of the country, for its own holidays.")
    weekend: tuple[Day, ...] = Field(("saturday", "sunday"), description="Weekly rest days.")
    bbox: tuple[float, float, float, float] = Field(
        (-180, -90, 180, 90),
        description="West, south, east, north in degrees; a position outside is no position. "
        "Across the date line: [179, -20, -179, -10], or 181 in place of -179.",
    )
    regions: str = Field("", description="Polygons: GeoPackage, GeoJSON, GeoParquet; any CRS.")
    region_name: str = Field("name", description="Column of `regions` that names each polygon.")
    postcodes: str = Field(
        "",
        description="Centroids, delimited or Parquet: postcode or place, lat, lon; locates those.",
    )


class Grid(Section):
    """The hexagons things are shown on."""

    level: int = Field(8, ge=1, le=9, description="H3 level of the map; kept one level finer.")
    complaint_level: int = Field(
        7, ge=1, le=9, description="Finest H3 level of complaint rates; never finer than `level`."
    )
    nps_level: int = Field(
        6, ge=1, le=9, description="Finest H3 level of NPS; never finer than `level`."
    )
    max_range_m: float = Field(
        10_000, gt=0, description="Farthest hexagon a cell serves, unless the cell's range_m says."
    )

    @property
    def levels(self) -> dict[str, int]:
        """Finest level on which each kind of figure leaves: network, complaint, nps, call."""
        coarse = {"complaint": self.complaint_level, "nps": self.nps_level}
        return {
            "network": self.level,
            "call": self.level,
            **{kind: min(level, self.level) for kind, level in coarse.items()},
        }

    @property
    def map_levels(self) -> tuple[int, ...]:
        """Levels of the network's figures, finest first: the map shows coarser ones from afar."""
        return tuple(range(self.level, max(self.level - 4, 0), -1))


class Warehouse(Section):
    """Where results are kept."""

    path: str = Field("warehouse", description="Folder, relative to the configuration.")
    keep_snapshots: int = Field(3, ge=2, description="Published snapshots kept, newest first.")


class Map(Section):
    """How the map is drawn."""

    tiles: str = Field(
        "", description="Basemap as https://server/{z}/{x}/{y}.png; empty = nothing from outside."
    )
    attribution: str = Field("", description="Whose basemap it is, shown on the map.")


class Screen(Section):
    """How the screen is served."""

    user_header: str = Field(
        "",
        description="Header in which the reverse proxy names who has signed in, such as "
        "X-Remote-User: that name signs acknowledgements. Only where the proxy sets it itself.",
    )


class Sql(Section):
    """What a question in SQL may take, and where it is noted (docs/sql.md)."""

    seconds: float = Field(60, gt=0, description="Longest time for an answer; then it is stopped.")
    memory_mb: int = Field(
        2_000, ge=200, description="Memory for an answer, in megabytes of address space."
    )
    threads: int = Field(0, ge=0, description="Threads that answer; 0 = processors, at most 4.")
    max_rows: int = Field(1_000_000, ge=1, description="Rows of an answer; the first ones come.")
    max_mb: int = Field(200, ge=1, description="Megabytes of an answer; as many rows as fit come.")
    audit: str = Field(
        "sql-audit.jsonl",
        description="Log of who asked what, a line of JSON each; empty = none is kept.",
    )


class Privacy(Section):
    """What protects persons (docs/methods.md 10)."""

    key_file: str = Field(
        "",
        description="File with the pseudonym key, mode 0600; else "
        "$HEXPERIENCE_KEY. At least 32 characters, or a line `epoch = key` for each epoch.",
    )
    epoch: str = Field(
        "", description="Epoch whose key is used, such as 2026Q4; empty = the last one listed."
    )
    names_file: str = Field(
        "", description="List of names, one a line; their words are taken out of free text."
    )
    forgotten_file: str = Field(
        "forgotten.txt",
        description="Pseudonyms of those who asked to be forgotten, kept by `hexperience forget`.",
    )
    min_respondents: int = Field(10, ge=2, description="Fewer answers show no survey figure.")
    min_nps: int = Field(30, ge=10, description="Fewer answers show no NPS.")
    min_subscribers: int = Field(16, ge=2, description="Fewer subscribers show no figure at all.")
    release_after_days: int = Field(
        2,
        ge=0,
        description="Days after which a day's, and a month's, figures of persons leave, once; "
        "what comes later moves none.",
    )


class Retention(Section):
    """How long rows stay, at most, once `hexperience retain` is called."""

    call_days: int = Field(90, ge=1, description="Calls and reports of calls; whole months go.")
    complaint_days: int = Field(730, ge=1, description="Complaints; whole months go.")
    survey_days: int = Field(1100, ge=1, description="Survey answers; whole months go.")
    text_days: int = Field(180, ge=1, description="Free text of complaints and answers.")
    position_days: int = Field(
        30, ge=1, description="Exact positions of known subscribers; hexagons stay."
    )
    pm_days: int = Field(400, ge=1, description="Counters as delivered, such as quarters of hours.")
    hour_days: int = Field(1100, ge=1, description="Counters by the hour; by the day they stay.")
    log_days: int = Field(400, ge=1, description="Logs of runs.")
    acknowledgement_days: int = Field(
        1100, ge=1, description="Entries of the log of acknowledgements, which name colleagues."
    )


class Targets(Section):
    """What places are held against, by class; none named: the network's own figure."""

    complaints_per_1000: dict[str, float] = Field(
        {}, description="Per complaint class, such as { network = 2.0 }; more is worse."
    )
    complaints_per_10k_attempts: dict[str, float] = Field(
        {}, description="Likewise, where no subscribers are known."
    )
    nps: dict[str, float] = Field(
        {}, description="Points per survey type, such as { relationship = 10 }; less is worse."
    )
    sure: float = Field(0.9, gt=0.5, lt=1, description="Probability from which a place is bad.")
    false_discovery: float = Field(
        0.05, gt=0, lt=1, description="Expected share of wrong ones among all bad places of a map."
    )


class Regulator(Section):
    """Limits of the regulator's view, where they differ from those of contracts/regulator.toml."""

    limits: dict[str, float] = Field(
        {}, description="Threshold = its value, such as { qsd_drop_rate_pct = 1.0 }."
    )
    source: str = Field(
        "the operator's configuration", description="Where those limits come from; shown beside."
    )


class Cluster(Section):
    """A Dask cluster that a run starts for itself and closes at its end."""

    class_name: str = Field(
        "",
        alias="class",
        pattern=r"^(\w+(\.\w+)+)?$",
        description="Any cluster class that Dask knows, such as dask_jobqueue.SLURMCluster; "
        "empty = none.",
    )
    arguments: dict[str, Any] = Field(
        {}, description="What the class is called with, such as { cores = 8, memory = '16GB' }."
    )
    wait_s: float = Field(
        600, gt=0, description="Longest wait for its first worker, in seconds; queues take time."
    )


class Run(Section):
    """How the work is carried out."""

    scheduler: str = Field(
        "",
        pattern=r"^(threads|processes|cluster|tcp://\S+)?$",
        description="threads, processes, cluster (that of [run.cluster]), or tcp://host:port of a "
        "Dask cluster; empty = cluster where [run.cluster] names a class, else threads.",
    )
    workers: int = Field(
        0,
        ge=0,
        description="Workers started; 0 = one per processor here, or what the cluster's arguments "
        "say.",
    )
    cluster: Cluster = Field(Cluster(), description="A cluster to start: [run.cluster] below.")
    performance_report: str = Field(
        "", description="HTML file for Dask's own report on where the time went; empty = none."
    )
    log: str = Field("", description="File that runs are logged to; empty = none.")
    log_megabytes: float = Field(10, gt=0, description="Size at which the log is rotated.")
    log_files: int = Field(5, ge=2, description="Log files kept, the present one among them.")

    @property
    def where(self) -> str:
        """Where the work is done: threads, processes, cluster, or a scheduler's address."""
        return self.scheduler or ("cluster" if self.cluster.class_name else "threads")

    @property
    def on_a_cluster(self) -> bool:
        """Whether the work goes to workers that may stand on other machines."""
        return self.where not in ("threads", "processes")


class Changes(Section):
    """Which dated changes are reported."""

    min_ratio: float = Field(1.18, gt=1, description="Smallest rise or fall reported.")
    min_days: int = Field(3, ge=2, description="Fewest days between two changes of a cell.")


class Complaints(Section):
    """How contacts become complaints."""

    repeat_days: int = Field(
        7,
        ge=0,
        description="Local days after a customer's contact within which the next one of its class "
        "is the same complaint.",
    )


class Priority(Section):
    """What the list of worst places looks at."""

    days: int = Field(28, ge=7, description="Newest days that are ranked.")
    relief_pct: float = Field(
        30, gt=0, le=50, description="Share of its load that a cell is thought to be relieved of."
    )
    room_pct: float = Field(
        50, gt=0, le=100, description="Busy-hour PRB % below which a cell can take load of others."
    )
    least_reach_pct: float = Field(
        25,
        ge=0,
        le=100,
        description="An action is named beside a place if it avoids at least this share of what "
        "could be avoided there.",
    )
    churn_per_detractor: float = Field(
        0, ge=0, le=1, description="Share of a detractor's monthly revenue at stake; 0 = no value."
    )


class Outlook(Section):
    """When a cell counts as full, beside its own knee."""

    prb_pct: float = Field(
        0, ge=0, le=100, description="Busy-hour PRB % at which any cell is full too; 0 = not asked."
    )
    user_mbps: float = Field(
        0, ge=0, description="User throughput in Mbps at which any cell is full too; 0 = not asked."
    )


class Plan(Section):
    """The plan of actions for a ladder of budgets; without budgets none is made."""

    budgets: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (), description="Budgets to solve for, in the catalogue's currency."
    )
    catalogue: str = Field(
        "",
        description="Works with cost and effect, TOML; empty = analysis/plan/actions.toml, whose "
        "costs are invented round numbers (docs/plan.md).",
    )
    crew_weeks: dict[str, Annotated[float, Field(ge=0)]] = Field(
        {}, description="Crew weeks of each region; '*' = of any other; none = no limit."
    )
    floors: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        {}, description="Least share that each region gets; '*' = any other region."
    )
    floor_of: Literal["budget", "benefit"] = Field(
        "budget", description="What the floors are shares of."
    )
    draws: int = Field(64, ge=8, le=200, description="Draws behind P(in plan).")
    alternatives: int = Field(2, ge=0, le=9, description="Plans nearly as good beside the best.")
    within: float = Field(0.02, gt=0, lt=1, description="So much less benefit is nearly as good.")


class Report(Section):
    """The weekly and monthly reports that `hexperience batch` writes."""

    folder: str = Field("reports", description="Folder of the reports, one below it for each.")
    every: tuple[Literal["week", "month"], ...] = Field(
        ("week", "month"), description="Which periods get a report."
    )
    after_hours: float = Field(
        6, ge=0, description="Hours after a period's end that late data is waited for."
    )


class Settings(Section):
    """Everything one run depends on besides the data."""

    operator: Operator = Operator()
    grid: Grid = Grid()
    warehouse: Warehouse = Warehouse()
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    targets: Targets = Targets()
    regulator: Regulator = Regulator()
    run: Run = Run()
    changes: Changes = Changes()
    complaints: Complaints = Complaints()
    priority: Priority = Priority()
    outlook: Outlook = Outlook()
    plan: Plan = Plan()
    report: Report = Report()
    delivery: Delivery = Delivery()
    map: Map = Map()
    screen: Screen = Screen()
    sql: Sql = Sql()
    source: tuple[Source, ...] = ()
    kpi: dict[str, Kpi] = Field({}, description="The operator's own KPIs, by id.")
    audience: dict[str, Audience] = Field({}, description="Who gets which report, by name.")
    alert: dict[str, Alert] = Field({}, description="Questions put after each batch, by name.")
    folder: Path = Field(Path(), description="Folder of the configuration; not a key of it.")

    def resolve(self, path: str) -> Path:
        """A path of the configuration, relative to its folder.

        `path`: one from the root, or of a home (~), stays what it is.
        """
        return self.folder / Path(path).expanduser()

    def holds_persons(self, table: str) -> bool:
        """Whether rows of a table are of persons: of any source, or of a source that is gone.

        `table`: its name.
        """
        sources = [source for source in self.source if source.table == table]
        return not sources or any(source.persons for source in sources)

    def zone(self, source: Source) -> str:
        """Zone of a source's times that carry no offset.

        `source`: without a `timezone` of its own it has the operator's.
        """
        return source.timezone or self.operator.timezone

    def faults(self) -> Iterator[str]:
        """What can't be right though each key is well formed, in words."""
        yield from _zone_fault("[operator] timezone", self.operator.timezone)
        yield from _bbox_faults(self.operator.bbox)
        yield from _holiday_fault(self.operator)
        if self.retention.hour_days < self.retention.pm_days:
            yield "[retention] hour_days: hours are made of what pm_days keeps; give at least that"
        if (shares := sum(self.plan.floors.values())) > 1:
            yield f"[plan] floors: they add up to {shares:g}; lower them to 1 together"
        for name in set(self.regulator.limits) - set(THRESHOLDS):
            yield f"[regulator] limits: no threshold '{name}'{nearest(name, THRESHOLDS)}"
        yield from kpis.faults(self.kpi)
        known_kpis = {*kpis.BUILT_IN, *self.kpi}
        yield from audiences.faults(self.audience, self.delivery, known_kpis, self.alert)
        if not self.source:
            yield "[[source]]: none given; name at least one kind of file"
        for number, source in enumerate(self.source, 1):
            where = f"[[source]] number {number} ({source.table})"
            yield from (f"{where}: {fault}" for fault in source.faults())
            lost = {"postcode", "place_text"} & source.given
            if lost and not self.operator.postcodes and source.reader != "trouble_ticket":
                effect = "without [operator] postcodes it changes nothing"
                yield f"{where} [source.columns] {', '.join(sorted(lost))}: {effect}"
            if source.timezone:
                yield from _zone_fault(f"{where} timezone", source.timezone)


DEFAULTS = Settings()


def _zone_fault(where: str, zone: str) -> Iterator[str]:
    if zone not in available_timezones():
        yield f"{where}: no IANA zone '{zone}'{nearest(zone, available_timezones())}"


def _bbox_faults(bbox: tuple[float, float, float, float]) -> Iterator[str]:
    west, south, east, north = bbox
    wide = east - west if west < east else east - west + 360
    if not (max(abs(west), abs(east)) <= 360 and 0 < wide <= 360 and -90 <= south < north <= 90):
        yield f"[operator] bbox: {list(bbox)} is not west, south, east, north in degrees"
    elif west > east and wide > 180:
        yield (
            f"[operator] bbox: {list(bbox)} crosses the date line, as west is above east, and is "
            f"{wide:g} degrees wide; exchange west and east"
        )
    elif (south, north) != (-90, 90) and max(-south, north) > 85:
        yield (
            f"[operator] bbox: {list(bbox)} reaches a pole; maps and hexagons end at 85 degrees: "
            "give south and north of -85 to 85"
        )


def _holiday_fault(operator: Operator) -> Iterator[str]:
    countries = holidays.list_supported_countries()
    if operator.country and operator.country not in countries:
        yield f"[operator] country: no holidays known for '{operator.country}'; leave it empty"
    elif operator.subdivision and operator.subdivision not in countries[operator.country]:
        yield (
            f"[operator] subdivision: '{operator.subdivision}' not in {operator.country}"
            f"{nearest(operator.subdivision, countries[operator.country])}"
        )
