"""Who gets which part of the reports, how often and by which way; and how it is sent."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from contracts.errors import nearest
from contracts.source import Section

Part = Literal[
    "regions", "where", "first", "changes", "cells", "customers", "regulator", "interventions",
    "data",
]  # fmt: skip
PARTS: tuple[Part, ...] = (
    *("regions", "where", "first", "changes"),
    *("cells", "customers", "regulator", "interventions", "data"),
)
ALERTS = ("new_change", "cell_asleep", "kpi_beyond", "data_late", "entered_first_ten")
"""Alerts that there are without a section: each is the question of its name."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ADDRESS = re.compile(r"[!#-+./0-9=?A-Z^-~-]+@[A-Za-z0-9.-]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Audience(Section):
    """Who gets a part of the reports: its part, how often, and by which way."""

    title: str = Field("", description="Name shown in its reports; empty = NAME.")
    language: Literal["en"] = Field("en", description="Language of its reports; English alone.")
    regions: tuple[str, ...] = Field(
        (), description="Regions of its part, as the map names them; empty = the whole network."
    )
    technologies: tuple[Literal["gsm", "umts", "lte", "nr"], ...] = Field(
        (), description="Radio generations of the cells of its part; empty = all."
    )
    kpis: tuple[str, ...] = Field(
        ("drop_rate",), description="KPIs by which its regions stand beside the whole network."
    )
    sections: tuple[Part, ...] = Field(
        PARTS, min_length=1, description="Sections of its reports; the head is always there."
    )
    thresholds: dict[str, float] = Field(
        {}, description="Limit of a KPI in its unit, such as { drop_rate = 0.02 }: marked beyond."
    )
    formats: tuple[Literal["html", "csv", "xlsx", "gpkg"], ...] = Field(
        ("html",),
        min_length=1,
        description="What is sent: the page, its tables as CSV or as one workbook, its hexagons.",
    )
    schedule: tuple[Literal["week", "month"], ...] = Field(
        ("week",), description="How often: after each week, each month; empty = no report."
    )
    revisions: bool = Field(
        False, description="Whether a report is sent again where late data has changed it."
    )
    alerts: tuple[str, ...] = Field(
        (),
        description="Alerts that go to it: new_change, cell_asleep, kpi_beyond, data_late, "
        "entered_first_ten, or of [alert.NAME].",
    )
    quiet_days: int = Field(
        1, ge=0, description="Days after a message of alerts without another; 0 = none."
    )
    channel: Literal["mail", "webhook", "folder"] = Field(
        "folder", description="By which way it is sent."
    )
    recipients: tuple[str, ...] = Field(
        min_length=1,
        description="Mail addresses, addresses of webhooks (https), or folders; each gets its own.",
    )
    receiver: Literal["json", "slack", "teams"] = Field(
        "json", description="Whose form the body of a webhook has."
    )


class Alert(Section):
    """A question that is put after each batch; its rows are what an alert says."""

    title: str = Field("", description="Name shown in messages; empty = NAME.")
    question: str = Field(
        "", description="File of queries/ that is asked, without its ending; empty = NAME."
    )
    params: dict[str, str | int | float | bool] = Field(
        {}, description="Parameters of the question that differ from their defaults."
    )


class Mail(Section):
    """The mail server that reports are handed to."""

    host: str = Field("", description="Name of the SMTP server; empty = no mail is sent.")
    port: int = Field(587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls or tls, with the certificate verified; none on this machine alone.",
    )
    sender: str = Field("", description="Address that mail comes from.")
    user: str = Field("", description="Who signs in; empty = nobody has to.")
    password_file: str = Field(
        "", description="File with the password, mode 0600; else $HEXPERIENCE_SMTP_PASSWORD."
    )
    ca_file: str = Field(
        "", description="Certificates of an authority of one's own, PEM; else the system's."
    )


class Delivery(Section):
    """How reports are sent to audiences (docs/delivery.md)."""

    folder: str = Field("deliveries", description="Folder of the log of what was sent to whom.")
    timeout_s: float = Field(30, gt=0, le=600, description="Longest wait for an answer, seconds.")
    attempts: int = Field(
        8, ge=1, description="Attempts after clear failures; then it stands as failed."
    )
    wait_minutes: float = Field(
        30, ge=0, description="Wait before the second attempt; it doubles each time, to a day."
    )
    secret_file: str = Field(
        "",
        description="File with the secret that signs bodies of webhooks, mode 0600; else "
        "$HEXPERIENCE_WEBHOOK_SECRET.",
    )
    ca_file: str = Field("", description="As of [delivery.mail], for webhooks.")
    mail: Mail = Field(Mail(), description="The mail server: [delivery.mail] below.")


def faults(
    audiences: Mapping[str, Audience],
    delivery: Delivery,
    kpis: Collection[str],
    alerts: Collection[str],
) -> Iterator[str]:
    """Yields what can't be right in audiences and their ways, each with its place and remedy.

    `audiences`: by name, each key well formed. `delivery`: how they are sent to. `kpis`: ids that
    there are. `alerts`: names of the [alert.NAME] sections.
    """
    known = {*ALERTS, *alerts}
    for name, audience in audiences.items():
        where = f"[audience.{name}]"
        if not _NAME.fullmatch(name):
            yield f"{where}: a name has small letters, digits, - and _, at most 40; give another"
        for key in ("kpis", "thresholds"):
            for kpi in getattr(audience, key):
                if kpi not in kpis:
                    yield f"{where} {key}: no KPI '{kpi}'{nearest(kpi, kpis)}"
        yield from (f"{where} alerts: {text}" for text in _alert_faults(audience, known))
        yield from (f"{where} recipients: {text}" for text in _recipient_faults(audience))
        if audience.channel == "mail" and not (delivery.mail.host and delivery.mail.sender):
            yield f"{where} channel: mail needs host and sender in [delivery.mail]"
    yield from _mail_faults(delivery.mail)


def _alert_faults(audience: Audience, known: Collection[str]) -> Iterator[str]:
    for alert in audience.alerts:
        if alert not in known:
            yield f"no alert '{alert}'{nearest(alert, known)}"


def _recipient_faults(audience: Audience) -> Iterator[str]:
    if len(set(audience.recipients)) < len(audience.recipients):
        yield "one is named twice; name it once"
    for recipient in audience.recipients:
        if audience.channel == "mail" and not _ADDRESS.fullmatch(recipient):
            yield f"'{recipient}' is no mail address; write it as name@example.org"
        elif audience.channel == "webhook" and not is_safe_address(recipient):
            # what follows the host of a webhook is a secret
            yield f"{shown(recipient)} is no https address; http goes on this machine alone"
        elif not recipient.strip():
            yield "an empty folder; name one"


def _mail_faults(mail: Mail) -> Iterator[str]:
    if mail.sender and not _ADDRESS.fullmatch(mail.sender):
        yield f"[delivery.mail] sender: '{mail.sender}' is no mail address"
    if mail.security == "none" and mail.host and mail.host not in _LOOPBACK:
        yield "[delivery.mail] security: none would send reports in clear; give starttls or tls"
    if mail.security == "none" and mail.user:
        yield "[delivery.mail] user: without starttls or tls the password would go in clear"


def is_safe_address(url: str) -> bool:
    """Whether what is sent to an address of a webhook is sealed, or stays on this machine.

    `url`: as a recipient names it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    )


def shown(recipient: str) -> str:
    """A recipient as logs and messages name it: of a webhook its host, for the rest is a secret.

    `recipient`: a mail address, an address of a webhook, or a folder.
    """
    if "://" not in recipient:
        return recipient
    return "webhook at " + (urlsplit(recipient).netloc.rpartition("@")[2] or "an address")
