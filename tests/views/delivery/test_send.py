"""Each report goes to each recipient once: against servers that take, refuse, hang and die."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import InputError
from contracts.settings.audiences import Audience, Delivery, Mail
from contracts.settings.sections import Settings
from tests.views.delivery.servers import CERTIFICATE, Hooks, Scripted, honest, nobody, served
from views.delivery import folder, log, send, webhook

NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
NOTE = {
    "subject": "Aire: <Leeds>, Week 46",
    "headline": "0.88 % of calls dropped in Leeds.",
    "lines": [["Drop rate", "1 of 2 & more"]],
    "picture": "trend.png",
}


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of an audience for which one report lies written."""
    report = tmp_path / "reports" / "of-leeds" / "2026-W46"
    report.mkdir(parents=True)
    (report / "message.json").write_text(json.dumps(NOTE))
    (report / "report.json").write_text(json.dumps({"revision": 1, "counts": {}}))
    (report / "2026-W46.html").write_text("<p>.\n.whole</p>")
    (report / "cells.csv").write_text("cell_id\n1\n")
    (report / "trend.png").write_bytes(b"\x89PNG")

    def make(channel: str, recipients: tuple[str, ...], **how: Any) -> Settings:
        keys = {"receiver": how.pop("receiver", "json"), "formats": ("html", "csv")}
        audience = Audience(channel=channel, recipients=recipients, **keys)
        delivery = Delivery(mail=Mail(**how.pop("mail", {})), **how)
        return Settings(audience={"leeds": audience}, delivery=delivery, folder=tmp_path)

    return make


def _mail(port: int, **more: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "security": "none", "sender": "hex@aire.example",
            **more}  # fmt: skip


def _states(settings: Settings) -> list[str]:
    return [entry.state for entry in log.read(send.log_of(settings))]


def test_a_mail_goes_sealed_and_signed_in_to_each_recipient_once(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("sesame\n")
    (tmp_path / "password").chmod(0o600)
    with honest() as (box, port):
        sealed = {"security": "starttls", "user": "hex", "password_file": "password"}
        mail = _mail(port, **sealed, ca_file=str(CERTIFICATE))
        here = settings("mail", ("a@aire.example", "b@aire.example"), mail=mail)
        assert send.send_due(here, NOW)["sent"] == 2
        assert send.send_due(here, NOW + timedelta(days=9))["sent"] == 2
    assert [to for _, to, _ in box.mails] == [["a@aire.example"], ["b@aire.example"]]
    message = message_from_bytes(box.mails[0][2], policy=default)
    assert message["Subject"] == "Aire: <Leeds>, Week 46"
    assert message.get_body(("plain",)).get_content().startswith("0.88 % of calls dropped")
    page = message.get_body(("html",)).get_content()
    assert "1 of 2 &amp; more" in page
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert f"cid:{pictures[0]['Content-ID'].strip('<>')}" in page
    files = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    assert {*files} == {"2026-W46.html", "tables.zip"}
    assert files["2026-W46.html"].encode() == b"<p>.\n.whole</p>"
    assert f"{send.log_of(here).stat().st_mode & 0o777:o}" == "600"


def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    settings: Callable[..., Settings],
) -> None:
    with honest() as (box, port):
        here = settings("mail", ("a@aire.example",), mail=_mail(port, security="starttls"))
        assert send.send_due(here, NOW)["waiting"] == 1
    assert box.mails == []
    assert "certificate is not believed" in log.read(send.log_of(here))[-1].answer


@pytest.mark.parametrize(
    ("fails", "state"),
    [
        ({"EHLO": "die"}, "refused"),
        ({"MAIL": "452 full"}, "refused"),
        ({"RCPT": "550 no such"}, "refused"),
        ({"RCPT": "hang"}, "refused"),
        ({"DATA": "die"}, "refused"),
        ({".": "554 not like that"}, "refused"),
        ({".": "hang"}, "unclear"),
        ({".": "die"}, "unclear"),
    ],
)
def test_only_silence_after_the_whole_mail_is_unclear(
    settings: Callable[..., Settings], fails: dict[str, str], state: str
) -> None:
    server = Scripted(fails)
    with served(server) as port:
        mail = _mail(port)
        here = settings("mail", ("a@aire.example",), mail=mail, timeout_s=0.2)
        send.send_due(here, NOW)
    assert _states(here) == ["sending", state]


def test_a_clear_failure_is_tried_again_later_and_later_and_then_stands(
    settings: Callable[..., Settings],
) -> None:
    here = settings("mail", ("a@aire.example",), mail=_mail(nobody()), attempts=3, wait_minutes=30)
    minutes = [0, 29, 30, 89, 90, 9_000]
    states = [send.send_due(here, NOW + timedelta(minutes=at)) for at in minutes]
    assert [each["failed"] for each in states] == [0, 0, 0, 0, 1, 1]
    assert _states(here) == ["sending", "refused"] * 2 + ["sending", "failed"]


def test_a_silent_server_is_asked_once_a_call_and_the_rest_waits(
    settings: Callable[..., Settings],
) -> None:
    here = settings("mail", ("a@aire.example", "b@aire.example"), mail=_mail(nobody()))
    assert send.send_due(here, NOW) == {
        "sent": 0, "due": 1, "waiting": 1, "unclear": 0, "failed": 0,
    }  # fmt: skip


def test_an_unclear_answer_is_followed_by_one_attempt_with_the_same_id(
    settings: Callable[..., Settings],
) -> None:
    server = Scripted({".": "die"})
    with served(server) as port:
        here = settings("mail", ("a@aire.example",), mail=_mail(port))
        states = [send.send_due(here, NOW + timedelta(hours=at)) for at in (0, 1, 99)]
    assert [each["unclear"] for each in states] == [0, 1, 1]
    assert len(server.mails) == 2
    assert server.mails[0] == server.mails[1]
    ids = {message_from_bytes(mail)["Message-ID"] for mail in server.mails}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("status", "state", "n_posts"),
    [(204, "sent", 1), (503, "refused", 1), (302, "refused", 1), (504, "unclear", 1),
     (0, "unclear", 1)],
)  # fmt: skip
def test_a_webhook_gets_a_signed_body(
    settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    state: str,
    n_posts: int,
) -> None:
    monkeypatch.setenv("HEXPERIENCE_WEBHOOK_SECRET", "known to both")
    server = Hooks(status)
    with served(server) as port:
        here = settings("webhook", (f"http://127.0.0.1:{port}/T1/secret?a=b",))
        send.send_due(here, NOW)
    assert _states(here) == ["sending", state]
    assert len(server.posts) == n_posts
    path, heads, content = server.posts[0]
    assert path == "/T1/secret?a=b"
    stamp = heads["X-Hexperience-Timestamp"]
    assert heads["X-Hexperience-Signature"] == webhook.signature("known to both", stamp, content)
    told = json.loads(content)
    assert base64.b64decode(told["files_base64"]["2026-W46.html"]).startswith(b"<p>")
    assert heads["Idempotency-Key"] == told["id"]
    # what follows the host is a secret
    assert "T1" not in send.log_of(here).read_text()


@pytest.mark.parametrize("receiver", ["slack", "teams"])
def test_chats_get_bodies_of_their_form(settings: Callable[..., Settings], receiver: str) -> None:
    here = settings("webhook", ("https://hooks.example.org/x",), receiver=receiver)
    (standing,) = send.standings(here, NOW)
    form = json.loads(webhook.body(standing.parcel, NOW))
    if receiver == "slack":
        assert form["text"] == NOTE["headline"]
        assert form["blocks"][2]["text"]["text"] == "*Drop rate*: 1 of 2 &amp; more"
    else:
        card = form["attachments"][0]["content"]
        assert card["body"][2]["facts"] == [{"title": "Drop rate", "value": "1 of 2 & more"}]


class Killed(BaseException):
    """A stop that no code may take for an error."""


@pytest.mark.parametrize("step", range(4))
def test_killed_at_any_step_nothing_is_lost_and_nothing_goes_twice_but_after_the_unclear(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    here = settings("folder", ("out",))
    taken: list[str] = []
    at = [0]

    def passed() -> None:
        at[0] += 1
        if at[0] == step + 1:
            raise Killed

    def adding(path: Path, entry: log.Entry) -> None:
        passed()
        add(path, entry)

    def sending(parcel: Any, *rest: Any) -> str:
        passed()
        taken.append(parcel.id)
        answer = folder.send(parcel, *rest)
        passed()
        return answer

    add = log.add
    monkeypatch.setattr(log, "add", adding)
    monkeypatch.setitem(send._WAYS, "folder", sending)
    # steps: before the log's first line, before the way, after the way, before the log's last
    with pytest.raises(Killed):
        send.send_due(here, NOW)
    for day in (1, 2, 3):
        states = send.send_due(here, NOW + timedelta(days=day))
    assert states["sent"] == 1
    assert len(taken) == (1 if step < 2 else 2)
    assert {path.name for path in (here.folder / "out" / "2026-W46").iterdir()} == {
        "2026-W46.html", "tables.zip",
    }  # fmt: skip


def test_half_a_line_is_none_and_a_strange_one_is_refused(
    settings: Callable[..., Settings],
) -> None:
    here = settings("folder", ("out",))
    assert send.send_due(here, NOW)["sent"] == 1
    path = send.log_of(here)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert _states(here) == ["sending"]
    assert send.send_due(here, NOW)["sent"] == 1
    assert _states(here) == ["sending", "sending", "sent"]
    path.write_text("{}\n")
    with pytest.raises(InputError, match="line 1 is none of ours"):
        log.read(path)
