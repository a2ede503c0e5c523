"""The console door: `hexperience VERB`; `hexperience --help` names the verbs.

Exit codes: 0 done, 1 a promise is broken or check found faults, 2 wrong input or settings,
3 interrupted.
"""

import getpass
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

# Before numpy is there: beside other workers, threads of linear algebra wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pandas as pd
import typer

from contracts.errors import (
    ContractError,
    HexperienceError,
    Interrupted,
    NothingFound,
    QuestionError,
    nearest,
)
from contracts.kpis import catalogue
from contracts.settings.load import load
from contracts.settings.sections import Settings
from contracts.tables import table
from contracts.tables.table import to_arrow
from ingest.privacy import redact
from ingest.running import logs
from ingest.sandbox.asking import Asker
from ingest.sandbox.opened import Opened
from ingest.warehouse import acknowledgements, lineage
from ingest.warehouse.acknowledgements import STATUSES, Subject, Word
from ingest.warehouse.files import put_rows
from ingest.warehouse.marts import Marts
from ingest.warehouse.publish import publish
from ingest.warehouse.questions import query_names, read_query
from ingest.warehouse.store import Warehouse
from views.console import export, server
from views.console.printing import (
    ERR,
    TakesSql,
    deliver,
    deliver_answer,
    instant,
    pairs,
    print_findings,
    print_receipt,
    say,
)
from views.console.progress import progress, status_lines
from views.console.stopping import repeat_swallowed

PORT = 8501
FORMAT_HELP = (
    f"{', '.join(export.FORMATS)}; the last five with outlines of hexagons or points, for QGIS."
)
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

Config = Annotated[Path, typer.Option(envvar="HEXPERIENCE_CONFIG", help="Configuration file.")]
DEFAULT_CONFIG = Path("hexperience.toml")
P = ParamSpec("P")


def _code_of(error: Exception) -> int:
    """1 for a promise of our own that is broken, 2 for what the operator can mend."""
    return 1 if isinstance(error, ContractError) else 2


def _with_message(command: Callable[P, None]) -> Callable[P, None]:
    """The command, which ends with a message and no traceback where a person can mend the fault."""

    @wraps(command)
    def with_message(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (KeyboardInterrupt, Interrupted) as stop:
            _fail(str(stop) or "stopped", 3)
        except (HexperienceError, OSError) as error:
            _fail(str(error), _code_of(error))

    return with_message


def _fail(text: str, code: int) -> None:
    ERR.print(text, style="bold red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def _say_version(asked: bool) -> None:
    if asked:
        from ingest.run import software_version  # noqa: PLC0415  as in _run

        say(f"hexperience {software_version()}")
        raise typer.Exit


@app.callback()
def every(
    *,
    version: Annotated[  # noqa: ARG001  `_say_version` hears of it first
        bool,
        typer.Option("--version", help="Show the version.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """Where a mobile network hurts its customers, why, since when, and what to do first."""
    repeat_swallowed()


@app.command()
@_with_message
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo lives.")] = Path("demo"),
    *,
    cells: Annotated[int, typer.Option(help="Cells of the invented operator.")] = 400,
    days: Annotated[int, typer.Option(help="Newest days, whose counters come by the hour.")] = 120,
    months: Annotated[
        int, typer.Option(help="Months of all history; older counters come as totals by the day.")
    ] = 15,
    seed: Annotated[int, typer.Option(help="Another seed, another operator.")] = 7,
    level_of_noise: Annotated[str, typer.Option(help="normal or heavy.")] = "normal",
    port: Annotated[int, typer.Option(help="Port of the map.")] = PORT,
) -> None:
    """Invent an operator, run the main job on it, and show the map (NO_APP=1: no map)."""
    from ingest.synth import write_operator  # noqa: PLC0415  as in _run

    ERR.print(f"inventing an operator of {cells} cells and {days} days in {folder}/")
    config = write_operator(
        folder, seed=seed, n_cells=cells, n_days=days, n_months=months, noise=level_of_noise
    )
    _run(load(config))
    if os.environ.get("NO_APP", "") in ("", "0"):
        server.serve(config, port)
    else:
        ERR.print(f"to see the map: hexperience app --config {config}", highlight=False)


@app.command()
@_with_message
def run(
    config: Config = DEFAULT_CONFIG,
    scheduler: Annotated[
        str, typer.Option(help="threads, processes, or tcp://host:port of a Dask cluster.")
    ] = "",
    log: Annotated[Path | None, typer.Option(help="File to log to, rotated by size.")] = None,
) -> None:
    """Read what is new, analyse, publish; print the receipt."""
    given = {"scheduler": scheduler, "log": str(log.absolute()) if log else ""}
    arguments = {"run": {key: value for key, value in given.items() if value}}
    _run(load(config, arguments=arguments))


@app.command()
@_with_message
def status(config: Config = DEFAULT_CONFIG) -> None:
    """Say how far the run at work on this warehouse is, or how the last one ended."""
    warehouse = _warehouse(load(config))
    for line in status_lines(warehouse.progress, is_at_work=warehouse.is_taken()):
        say(line)


@app.command("report")
@_with_message
def report_(
    period: Annotated[
        str, typer.Option(help="2026-W46 or 2026-10; else the newest whole week.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder to write below; else that of the settings.")
    ] = None,
    audience: Annotated[
        str, typer.Option(help="Name of an audience of the settings: its part; else the whole.")
    ] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the report of one week or month: a page that stands by itself, and its tables."""
    from views.report import write as report  # noqa: PLC0415  as in _run
    from views.words import periods  # noqa: PLC0415

    settings = load(config)
    marts = _warehouse(settings).marts
    chosen = periods.choose(periods.by_period(marts.query("periods")), period)
    reader = report.reader_of(settings, audience)
    folder = out or report.folder_of(settings, reader)
    say(str(report.write(marts, chosen, folder, settings, config.name, reader=reader)))


@app.command("deliver")
@_with_message
def deliver_(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, and send nothing.")
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="Show the log of what went to whom, newest first.")
    ] = False,
    now: Annotated[str, typer.Option(help="Instead of the clock: 2026-11-22T06:00Z.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Send the reports of audiences that were not sent yet; batch does so too."""
    from views.delivery import log, send  # noqa: PLC0415  as in _run

    settings = load(config)
    at = instant(now) if now else datetime.now(UTC)
    if listed:
        deliver(log.table(log.read(send.log_of(settings))), "table", None)
    elif dry_run:
        deliver(pd.DataFrame(send.would_go(settings, at)), "table", None)
    else:
        with _warehouse(settings).alone("deliver"):
            states = send.send_due(settings, at)
        say(", ".join(f"{name} {count}" for name, count in states.items()))


@app.command("alerts")
@_with_message
def alerts_(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, and send nothing.")
    ] = False,
    now: Annotated[str, typer.Option(help="Instead of the clock: 2026-11-22T06:00Z.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put the questions of alerts and send audiences what is new; batch does so too."""
    from views.delivery import alerts, send  # noqa: PLC0415  as in _run

    settings = load(config)
    at = instant(now) if now else datetime.now(UTC)
    warehouse = _warehouse(settings)
    if dry_run:
        deliver(alerts.would_go(warehouse.marts, settings, at), "table", None)
        return
    with warehouse.alone("deliver"):
        messages = alerts.write_due(warehouse.marts, settings, at)
        states = send.send_due(settings, at)
    counts = ", ".join(f"{name} {count}" for name, count in states.items())
    say(f"messages {len(messages)}; {counts}")


@app.command()
def batch(
    until_now: Annotated[  # noqa: ARG001  says in a crontab what happens anyway
        bool, typer.Option("--until-now", help="Up to the clock; what happens without --now.")
    ] = False,
    now: Annotated[str, typer.Option(help="Instead of the clock: 2026-11-22T06:00Z.")] = "",
    scheduler: Annotated[str, typer.Option(help="As of run.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Run what is new and write the reports that are due; the last line is a summary in JSON."""
    # what a timer stops ends as what a person stops: in order, to go on at the next call
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    summary: dict[str, Any] = {"exit": 0, "log": None}
    try:
        at = instant(now) if now else datetime.now(UTC)
        arguments = {"run": {"scheduler": scheduler}} if scheduler else {}
        settings = load(config, arguments=arguments)
        if settings.run.log:
            summary["log"] = str(settings.resolve(settings.run.log))
        summary |= _batch(settings, at, config.name)
    except (KeyboardInterrupt, Interrupted) as stop:
        summary |= {"exit": 3, "error": str(stop) or "stopped"}
    except (HexperienceError, OSError) as error:
        # it goes into journals: a file may be called after a customer
        summary |= {"exit": _code_of(error), "error": redact.code(str(error))}
    except Exception as error:  # noqa: BLE001  whoever reads the summary must hear of all of them
        # its text may quote data: it is for the person's eyes alone
        ERR.print_exception()
        summary |= {"exit": 1, "error": f"crashed: {type(error).__name__} in {logs.where(error)}"}
    summary["seconds"] = round(time.monotonic() - started, 1)
    sys.stdout.write(json.dumps(summary) + "\n")
    if "error" in summary:
        _fail(summary["error"], summary["exit"])


@app.command()
@_with_message
def check(
    config: Config = DEFAULT_CONFIG,
    newest: Annotated[
        int, typer.Option(help="Try only so many files of each source, the last by name; 0 = all.")
    ] = 0,
    published: Annotated[
        bool, typer.Option("--published", help="Look at the published marts only.")
    ] = False,
    max_age_hours: Annotated[
        float, typer.Option(help="Published data may end so long ago; 0 = any time.")
    ] = 0,
    form: Annotated[str, typer.Option("--format", help="text, table, csv or json.")] = "text",
) -> None:
    """Try configuration and data and show all faults at once, leaving the warehouse alone."""
    _check(load(config), newest, published, max_age_hours, form)


@app.command()
@_with_message
def forget(
    subscriber: Annotated[
        str, typer.Argument(help="Whose rows go; - reads one line of standard input.")
    ],
    domain: Annotated[str, typer.Option("--as", help="msisdn, imsi, email or account.")] = "msisdn",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, and change nothing.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take one subscriber's rows away for good, then publish and report anew."""
    from ingest.warehouse import forget as forgetting  # noqa: PLC0415  as in _run
    from views.report import write as report  # noqa: PLC0415

    settings = load(config)
    warehouse = _warehouse(settings)
    text = sys.stdin.readline() if subscriber == "-" else subscriber
    today = datetime.now(UTC).date()
    with logs.kept(settings), warehouse.alone():
        lines = forgetting.forget(text, domain, settings, today=today, dry_run=dry_run)
        logs.log.info("forget: %d of our files hold one subscriber", lines["rows"].gt(0).sum())
    deliver(lines, "table", None)
    if not dry_run:
        _run(settings)
        deliver(report.after_forgetting(warehouse, settings, config.name), "table", None)


@app.command()
@_with_message
def retain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, and change nothing.")
    ] = False,
    now: Annotated[str, typer.Option(help="Instead of the clock: 2026-11-22T06:00Z.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take away what is older than the settings retain; it does not come back with later runs."""
    from ingest.warehouse import retain as retention  # noqa: PLC0415  as in _run

    settings = load(config)
    warehouse = _warehouse(settings)
    at = instant(now) if now else datetime.now(UTC)
    with logs.kept(settings), warehouse.alone():
        gone = retention.retain(settings, now=at, dry_run=dry_run)
        for line in gone.to_dict("records"):
            logs.log.info("retain: %s %s: %d rows %s", *line.values())
    if gone.empty:
        say("nothing is older than [retention] allows")
    else:
        deliver(gone, "table", None)


@app.command()
@_with_message
def changes(
    out: Annotated[Path, typer.Option(help="File for the changes: .parquet, .csv or .json.")],
    config: Config = DEFAULT_CONFIG,
    scheduler: Annotated[
        str, typer.Option(help="threads, processes, or tcp://host:port of a Dask cluster.")
    ] = "",
) -> None:
    """Find dated changes alone and write them to a file; of the sources only pm is needed."""
    form = out.suffix.lstrip(".")
    if form not in ("parquet", "csv", "json"):
        raise QuestionError(f"--out {out}: end it in .parquet, .csv or .json")
    arguments = {"run": {"scheduler": scheduler}} if scheduler else {}
    deliver(_find_changes(load(config, arguments=arguments)), form, out)


@app.command()
@_with_message
def query(
    name: Annotated[str, typer.Argument(help="Query to ask; none lists them.")] = "",
    param: Annotated[list[str] | None, typer.Option(help="Parameter as k=v; repeatable.")] = None,
    form: Annotated[str, typer.Option("--format", help=FORMAT_HELP)] = "table",
    out: Annotated[Path | None, typer.Option(help="File to write; else to the screen.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Answer one of the questions in queries/ from the published marts."""
    if not name:
        for query_name in query_names():
            say(f"{query_name:21} {read_query(query_name).question}")
        return
    with _asker(load(config)) as asker:
        deliver_answer(asker.query(name, pairs(param or [])), form, out)


@app.command(cls=TakesSql)
@_with_message
def sql(
    text: Annotated[
        str, typer.Argument(help="One SELECT, comments before it or not; - reads standard input.")
    ],
    param: Annotated[
        list[str] | None, typer.Option(help="Value of a $name in it as k=v; repeatable.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help=FORMAT_HELP)] = "table",
    out: Annotated[Path | None, typer.Option(help="File to write; else to the screen.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Answer one SELECT of your own, or a file of queries/, from the published marts."""
    select = sys.stdin.read() if text == "-" else text
    with _asker(load(config)) as asker:
        deliver_answer(asker.sql(select, pairs(param or [])), form, out)


@app.command()
@_with_message
def tables(
    name: Annotated[str, typer.Argument(help="Table or view whose columns to show.")] = "",
    form: Annotated[str, typer.Option("--format", help=FORMAT_HELP)] = "table",
    out: Annotated[Path | None, typer.Option(help="File to write; else to the screen.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show which tables, views and macros SQL can use, or the columns of one; what each means."""
    with _asker(load(config)) as asker:
        answer = asker.query("columns", {"table_name": name}) if name else asker.query("tables")
        if not answer.table.num_rows:
            known = asker.query("tables").table["name"].to_pylist()
            raise NothingFound(f"no table '{name}'{nearest(name, known)}")
    deliver_answer(answer, form, out)


@app.command()
@_with_message
def plan(
    *,
    budget: Annotated[float, typer.Option(help="In the currency of the catalogue.", min=0)],
    crew_weeks: Annotated[
        list[str] | None,
        typer.Option(help="Crew weeks as REGION=N or '*=N'; else those of section plan."),
    ] = None,
    floor: Annotated[
        list[str] | None,
        typer.Option(help="Least share as REGION=0.2 or '*=0.1'; else those of section plan."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help=FORMAT_HELP)] = "table",
    out: Annotated[Path | None, typer.Option(help="File to write; else to the screen.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder for plan, plan_budget and plan_limit as Parquet.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Solve the plan of any budget, crews and floors, from the actions of the newest run."""
    from analysis.plan import kept  # noqa: PLC0415  as in _run

    settings = load(config)
    asked = kept.Asked(budget, _limits("--crew-weeks", crew_weeks), _limits("--floor", floor))
    warehouse = _warehouse(settings)
    tables = kept.solve(warehouse, settings.plan, asked)
    over = {name: to_arrow(solved, table(name)) for name, solved in tables.items()}
    if folder is not None:
        for name, solved in over.items():
            put_rows(folder / f"{name}.parquet", solved)
        return
    for fault in tables["plan_budget"]["unsafe_reason"].dropna():
        raise QuestionError(str(fault))
    deliver(warehouse.marts.query_over("plan", over, plan_number=1), form, out)


def _limits(option: str, texts: list[str] | None) -> dict[str, float]:
    """Limits by region, as an option gives them; raises QuestionError for one that is no number."""
    try:
        return {region: float(amount) for region, amount in pairs(texts or []).items()}
    except ValueError:
        raise QuestionError(f"{option}: write it as REGION=number") from None


@app.command()
@_with_message
def rows(
    cell: Annotated[str, typer.Argument(help="The cell_id.")],
    form: Annotated[str, typer.Option("--format", help=FORMAT_HELP)] = "table",
    out: Annotated[Path | None, typer.Option(help="File to write; else to the screen.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show the source rows on which a cell stands in the list: file, its hash, row and counts."""
    from ingest.counters import references  # noqa: PLC0415  as in _run

    settings = load(config)
    warehouse = _warehouse(settings)
    read = partial(references.rows_on, warehouse, settings)
    deliver(lineage.behind(warehouse, cell, read), form, out)


@app.command()
@_with_message
def acknowledge(
    subject: Annotated[
        str, typer.Argument(help="change:ID, site:ID, cell:ID, hex:TEXT or region:NAME.")
    ] = "",
    *,
    status: Annotated[str, typer.Option(help=f"{', '.join(STATUSES)}.")] = "acknowledged",
    owner: Annotated[str, typer.Option(help="Who looks after it.")] = "",
    comment: Annotated[str, typer.Option(help="Free text; e-mails and numbers go.")] = "",
    by: Annotated[str, typer.Option(help="Who says so; else the name of the login.")] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="Show the newest state of all, or SUBJECT's log.")
    ] = False,
    remove: Annotated[
        list[int] | None, typer.Option(help="Take this entry out for good; may be repeated.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Note who looks after a change or a place, and how far it is; list it, or take it out."""
    marts = _warehouse(load(config)).marts
    if remove:
        say(f"entries taken out: {acknowledgements.remove(marts.log, remove)}")
        return
    if listed or not subject:
        deliver(_log(marts, subject), "table", None)
        return
    word = Word(status, owner, comment)
    number = marts.acknowledge(
        Subject.parse(subject), word, by=by or getpass.getuser(), at=datetime.now(UTC)
    )
    say(f"entry {number}: {subject} is {status}{f', {owner}' if owner else ''}")


@app.command()
@_with_message
def inspect(
    files: Annotated[
        list[Path],
        typer.Argument(help="An operator's files of any kind; archives and workbooks too."),
    ],
    out: Annotated[Path | None, typer.Option(help="Configuration to start from, written.")] = None,
) -> None:
    """Say what unknown files seem to be, and write one configuration that reads them."""
    from ingest.inspection import draft, look  # noqa: PLC0415  as in _run

    seen = look.look_at(files)
    say("\n\n".join(map(draft.report, seen)))
    if out is not None:
        draft.write(seen, out)
        ERR.print(f"written to {out}", highlight=False)


@app.command()
@_with_message
def cube(
    out: Annotated[Path, typer.Option(help="Folder to write; it must not be there yet.")],
    table: Annotated[str, typer.Option(help="cell_hour or hex_day.")] = "cell_hour",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write counters by cell and hour, or hexagon and day, as a Zarr cube for xarray."""
    from analysis.export import export as export_cube  # noqa: PLC0415  as in _run

    with progress() as stages:
        export_cube(load(config), table, out, stages.tell)


@app.command("app")
@_with_message
def serve(
    config: Config = DEFAULT_CONFIG,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = PORT,
    base_path: Annotated[str, typer.Option(help="Folder that a reverse proxy serves it in.")] = "",
    host: Annotated[str, typer.Option(help="Name under which a reverse proxy serves it.")] = "",
) -> None:
    """Show the map on 127.0.0.1, to this machine or to a reverse proxy on it."""
    load(config)
    server.serve(config, port, base_path=base_path, host=host)


def open(config: Path | str = DEFAULT_CONFIG) -> Opened:  # noqa: A001  as files are opened
    """What was published under a configuration, to ask from a notebook or a tool.

    `config`: its file. Raises SettingsError where it can't be used.
    """
    return Opened(load(Path(config)))


def main() -> None:
    """Runs one command."""
    app()


def _run(settings: Settings, *, only_new: bool = False, anew: bool = False) -> None:
    """Runs and publishes; `only_new`: if something is new, or `anew` asks for it all the same."""
    # here and not above: they take two seconds that a query need not wait
    import analysis.run  # noqa: PLC0415
    import ingest.run  # noqa: PLC0415
    from ingest.running.workers import dashboard, reported, workers  # noqa: PLC0415

    warehouse = _warehouse(settings)
    with (
        logs.kept(settings) as line,
        warehouse.alone(),
        progress(warehouse) as stages,
        workers(settings.run) as client,
        reported(settings),
    ):
        logs.log.info("version %s in %s", ingest.run.software_version(), settings.folder)
        if page := dashboard(client):
            ERR.print(f"Dask's dashboard: {page}", highlight=False)
        if settings.run.log and settings.run.where != "threads":
            client.forward_logging(logs.DASK, level=logging.WARNING)
        receipt = ingest.run.run(settings, client, stages.tell)
        line.run_id = run_id = receipt["run_id"].iloc[0]
        for name, *counts in receipt.drop(columns="run_id").to_numpy().tolist():
            logs.log.info("%s: %d read, %d accepted, %d refused, %d values missing", name, *counts)
        if only_new and not anew and run_id == warehouse.marts.run_id:
            return
        analysis.run.run(settings, client, stages.tell)
        stages.tell("publishing", 0, 1)
        keep = settings.warehouse.keep_snapshots
        snapshot = publish(
            warehouse, run_id, keep=keep, rule=settings.privacy, kpis=catalogue(settings.kpi)
        )
        stages.tell("publishing", 1, 1)
        logs.log.info("published %s", snapshot.name)
    if not only_new:
        print_receipt(warehouse.marts)


def _find_changes(settings: Settings) -> pd.DataFrame:
    import analysis.run  # noqa: PLC0415  as in _run
    import ingest.run  # noqa: PLC0415
    from ingest.running.workers import reported, workers  # noqa: PLC0415

    warehouse = _warehouse(settings)
    with (
        logs.kept(settings) as line,
        warehouse.alone(),
        progress(warehouse) as stages,
        workers(settings.run) as client,
        reported(settings),
    ):
        line.run_id = ingest.run.run(settings, client, stages.tell)["run_id"].iloc[0]
        return analysis.run.find_changes(settings, client, stages.tell)


def _batch(settings: Settings, now: datetime, config: str) -> dict[str, Any]:
    from views.delivery import alerts, send  # noqa: PLC0415  as in _run
    from views.report import batch as reports  # noqa: PLC0415

    warehouse = _warehouse(settings)
    with warehouse.alone("batch"):
        damage = warehouse.marts.damage
        if damage:
            ERR.print(str(damage), markup=False, highlight=False, soft_wrap=True)
        run_before = "" if damage else warehouse.marts.run_id
        _run(settings, only_new=True, anew=damage is not None)
        due = reports.write_due(warehouse.marts, settings, now, config)
        with warehouse.alone("deliver"):
            alerts.write_due(warehouse.marts, settings, now)
            sent = {"delivery": send.send_due(settings, now)} if settings.audience else {}
    return reports.summary(warehouse.marts, run_before, due) | sent


def _check(
    settings: Settings, newest: int, published: bool, max_age_hours: float, form: str
) -> None:
    from ingest import check  # noqa: PLC0415  as in _run

    findings = [] if published else _rehearsed(settings, newest)
    max_age = timedelta(hours=max_age_hours) if max_age_hours else None
    findings += check.promises(settings, now=datetime.now(UTC), max_age=max_age)
    print_findings(pd.DataFrame(map(asdict, findings)), form)
    if any(finding.verdict == "fault" for finding in findings):
        raise typer.Exit(1)


def _rehearsed(settings: Settings, newest: int) -> list[Any]:
    from ingest import check  # noqa: PLC0415  as in _run
    from ingest.running.workers import workers  # noqa: PLC0415

    # workers on other machines would not see the temporary folder
    here = "threads" if settings.run.on_a_cluster else settings.run.where
    how = settings.run.model_copy(update={"scheduler": here})
    with progress() as stages, workers(how) as client:
        return check.rehearse(settings, client, newest=newest, progress=stages.tell)


def _log(marts: Marts, subject: str) -> pd.DataFrame:
    """The log of one subject, else the newest state of all."""
    if subject:
        return marts.query("acknowledgement_log", **Subject.parse(subject).asked)
    return marts.query("acknowledgements")


def _asker(settings: Settings) -> Asker:
    return Asker(settings, user=getpass.getuser(), door="console")


def _warehouse(settings: Settings) -> Warehouse:
    return Warehouse(settings.resolve(settings.warehouse.path))


if __name__ == "__main__":
    main()
