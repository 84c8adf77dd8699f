"""Bringing checkpoints to their witnesses: each has all in the end, and what fails is seen."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail as django_mail
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from factcheck import settings as site_settings
from reviews import checkpoints, delivery, leases, posting
from reviews.models import Checkpoint, Delivery
from tests.together import together
from tests.witnessing import path_of

pytestmark = pytest.mark.django_db


class Witness(HTTPServer):
    """A web server that answers what it is told, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Listener)
        self.answers: list[tuple[int, str]] = []
        self.taken: list[tuple[str, str, bytes]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?secret=abc"


class Listener(BaseHTTPRequestHandler):
    server: Witness

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, self.headers["Content-Disposition"], body))
        status, location = self.server.answers.pop(0) if self.server.answers else (204, "")
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.end_headers()

    def do_GET(self) -> None:
        self.server.taken.append(("followed", "", b""))

    def log_message(self, *args) -> None:
        """Say nothing."""


@pytest.fixture
def witness(site) -> Iterator[Witness]:
    with Witness() as server:
        site.CHECKPOINT_WEBHOOK = server.url
        yield server
        server.shutdown()


def be_due() -> None:
    Delivery.objects.update(next_try_at=leases.clock())


def webhook() -> Delivery:
    return Delivery.objects.filter(way="webhook").latest("pk")


def test_every_witness_gets_the_same_file_once(site, witness):
    site.CHECKPOINT_MAIL = ["archive@desk.example", "notary@desk.example", "archive@desk.example"]

    path = path_of(checkpoints.take())
    assert [delivery.deliver_due() for _ in range(2)] == [0, 0]

    content = path.read_bytes()
    assert witness.taken == [
        ("/hook?secret=abc", 'attachment; filename="checkpoint-000001.gz"', content)
    ]
    row = Checkpoint.objects.get()
    assert [message.to for message in django_mail.outbox] == [
        ["archive@desk.example"], ["notary@desk.example"],
    ]  # fmt: skip
    for message in django_mail.outbox:
        assert f"\n{row.statement}\n{row.signature}\n" in message.body
        assert message.attachments == [("checkpoint-000001.gz", content, "application/gzip")]
    states = Delivery.objects.order_by("pk").values_list("way", "state", "attempts", "problem")
    assert [*states] == [
        (way, "done", 1, "") for way in ("folder", "mail", "mail", "webhook")
    ]  # fmt: skip


def test_a_file_too_large_for_a_mail_is_named_there(site, monkeypatch):
    monkeypatch.setattr(delivery, "LARGEST_ATTACHMENT", 10)
    site.CHECKPOINT_MAIL = ["archive@desk.example"]

    path_of(checkpoints.take())

    (message,) = django_mail.outbox
    assert message.attachments == []
    assert "checkpoint-000001.gz is too large for a mail" in message.body


@pytest.mark.parametrize("answer", [(500, ""), (404, ""), (302, "/elsewhere")])
def test_what_a_webhook_does_not_take_is_tried_again_ever_more_rarely(witness, answer):
    witness.answers = [answer] * 2
    path = path_of(checkpoints.take())

    one = webhook()
    assert (one.state, one.attempts) == ("waiting", 1)
    assert one.problem == f"The webhook answered {answer[0]}."
    assert one.next_try_at - one.tried_at >= timedelta(minutes=1)
    assert delivery.deliver_due() == 0
    be_due()
    assert delivery.deliver_due() == 0
    assert webhook().next_try_at - webhook().tried_at >= timedelta(minutes=2)

    be_due()
    assert delivery.deliver_due() == 1
    assert (webhook().state, webhook().attempts, webhook().problem) == ("done", 3, "")
    assert [body for _, _, body in witness.taken] == [path.read_bytes()] * 3


def test_a_dead_webhook_holds_up_no_other_witness_and_its_address_is_told_to_nobody(site, witness):
    witness.shutdown()
    witness.server_close()
    checkpoints.take()
    checkpoints.take()

    assert delivery.deliver_due() == 2

    tried = Delivery.objects.filter(way="webhook").order_by("pk").values_list("attempts", "problem")
    assert [*tried] == [(1, "127.0.0.1 takes no connection: connection refused."), (0, "")]
    assert Delivery.objects.filter(way="folder", state="done").count() == 2
    assert webhook().to == f"127.0.0.1:{witness.server_port}"


def test_a_mail_server_that_is_away_loses_none(site):
    site.CHECKPOINT_MAIL = ["archive@desk.example"]
    site.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    site.EMAIL_HOST, site.EMAIL_PORT = "127.0.0.1", 1
    checkpoints.take()

    assert delivery.deliver_due() == 1
    one = Delivery.objects.get(way="mail")
    assert (one.state, one.problem[:22]) == ("waiting", "ConnectionRefusedError")

    site.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    be_due()
    assert delivery.deliver_due() == 1
    assert len(django_mail.outbox) == 1


def test_a_sender_that_died_is_followed_by_another(witness):
    path_of(checkpoints.take())
    Delivery.objects.filter(way="webhook").update(
        state="sending", tried_at=leases.clock() - delivery.UNDER_WAY_AT_MOST
    )

    assert delivery.deliver_due() == 1
    assert (webhook().state, len(witness.taken)) == ("done", 2)


def test_a_witness_that_the_site_names_no_more_is_called_off(site, witness):
    site.CHECKPOINT_MAIL = ["archive@desk.example"]
    checkpoints.take()
    site.CHECKPOINT_MAIL, site.CHECKPOINT_WEBHOOK = [], "https://other.example/hook"

    assert delivery.deliver_due() == 1

    states = Delivery.objects.order_by("pk").values_list("way", "state")
    assert [*states] == [("folder", "done"), ("mail", "called_off"), ("webhook", "called_off")]
    assert (django_mail.outbox, witness.taken) == ([], [])


def test_a_file_that_is_gone_is_missed_not_forgotten(site, witness):
    witness.answers = [(503, "")]
    path = path_of(checkpoints.take())
    path.unlink()
    be_due()

    assert delivery.deliver_due() == 0
    assert webhook().problem == f"{path} is not there."


@pytest.mark.django_db(transaction=True)
def test_senders_at_once_tell_each_witness_once(witness):
    for _ in range(3):
        checkpoints.take()
    delivery.deliver_due()
    witness.taken.clear()
    Delivery.objects.filter(way="webhook").update(state="waiting", next_try_at=leases.clock())

    done = together(*[delivery.deliver_due] * 3)

    assert sum(done) == 3
    assert len(witness.taken) == 3


def test_the_command_says_where_it_went_and_fails_for_what_waits(site, witness):
    witness.answers = [(500, "")]
    out = io.StringIO()

    with pytest.raises(CommandError, match=r"To be tried again: Webhook 127.+ answered 500\."):
        call_command("checkpoint", stdout=out)

    assert out.getvalue().splitlines() == [
        "Checkpoint 1: 0 versions of 0 verdicts.",
        f"Delivered: folder {site.CHECKPOINT_FOLDER}/checkpoint-000001.gz",
        f"Waiting to be delivered: webhook 127.0.0.1:{witness.server_port}",
    ]


# What may be posted where


NOT_HTTPS = "it must begin with https:// (http:// only to this machine)."


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://witness.example/hook", ""),
        ("http://127.0.0.1:8001/hook", ""),
        ("http://[::1]/hook", ""),
        ("http://localhost/hook", ""),
        ("http://witness.example/hook", NOT_HTTPS),
        ("http://127.0.0.1.witness.example/", NOT_HTTPS),
        ("ftp://witness.example/", NOT_HTTPS),
        ("https://", "it is no address of a web server."),
        ("https://witness.example/#part", "it is no address of a web server."),
        ("https://witness.example:port/", "it is no address."),
        ("hook", "it is no address of a web server."),
    ],
)  # fmt: skip
def test_https_only_or_this_machine(url, problem):
    assert posting.refusal(url) == problem


def test_nothing_is_posted_to_where_it_may_not_or_larger_than_it_may_be(witness, monkeypatch):
    monkeypatch.setattr(posting, "LARGEST", 1)
    for url, content in (("http://witness.example/", b"x"), (witness.url, b"xx")):
        with pytest.raises(posting.NotTaken, match="Not posted"):
            posting.post(url, content, name="x.gz")
    assert witness.taken == []


SETTINGS = {
    "CHECKPOINT_WEBHOOK": ("http://witness.example/", "must begin with https://"),
    "CHECKPOINT_MAIL": ("archive", "“archive” is no address"),
    "CHECKPOINT_KEY": ("/nowhere/key.pem", "there is no file /nowhere/key.pem"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_makes_no_sense_is_loud(monkeypatch, name):
    value, problem = SETTINGS[name]
    monkeypatch.setenv(f"FACTCHECK_{name}", value)

    with pytest.raises(ImproperlyConfigured, match=f"FACTCHECK_{name}: .*{problem}"):
        getattr(site_settings, f"_{name.lower()}")()


def test_mail_that_would_only_go_to_the_log_is_refused(monkeypatch):
    monkeypatch.setenv("FACTCHECK_CHECKPOINT_MAIL", "archive@desk.example")

    with pytest.raises(ImproperlyConfigured, match="needs FACTCHECK_MAIL_HOST"):
        site_settings._checkpoint_mail()
