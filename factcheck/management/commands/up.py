"""Opens the whole desk: servers, tables, demo, web, worker and beat, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from socket import socket
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError, connections
from kombu.exceptions import OperationalError as BrokerError

from claims.models import Analysis
from factcheck import celery_app, embedded, probe
from factcheck.embedded import CannotStart
from factcheck.supervisor import Service, Supervisor, hold, listen
from reviews import queue
from reviews.models import Review

PATIENCE = 90.0  # seconds for the web to answer, and for the articles to be analysed


class Command(BaseCommand):
    """Run everything under one supervisor.

    PORT (8000; 0 is any free one) and BIND (127.0.0.1) say where the web listens. DATABASE_URL and
    REDIS_URL name servers elsewhere; without them both are embedded in the data folder.
    """

    help = "Open the desk: start everything, load the demo, print the sign-ins."
    # They need the database, which this command starts.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.begun = time.monotonic()
        try:
            self.open()
        except CannotStart as error:
            raise CommandError(str(error)) from error

    def open(self) -> None:
        if settings.HTTPS and not settings.PUBLIC_URL:
            raise CannotStart(settings.NO_PUBLIC_URL)
        os.umask(0o077)  # also for all children: others may have to pass through the data folder
        data = settings.DATA
        embedded.prepare_folder(data)
        web = listen(os.environ.get("BIND", "127.0.0.1"), _port())
        held = hold(data)
        supervisor = Supervisor(self.say)
        with supervisor.running():
            for server in embedded.needed(data, keep_open=(held,)):
                supervisor.start(server)
                self.say(f"{server.name} answers.")
            self.prepare(supervisor)
            for service in _services(data, web, held):
                supervisor.start(service)
            self.say("Web, worker, clerk, gatherer and beat are started.")
            call_command("demo", verbosity=0)
            self.wait(supervisor, web)
            self.greet(data, web)
            supervisor.watch()

    def prepare(self, supervisor: Supervisor) -> None:
        """Bring tables and static files up to date, once the broker answers."""
        try:
            with celery_app.connection_for_write() as broker:
                broker.ensure_connection(max_retries=1, timeout=5)
            call_command("migrate", verbosity=0, interactive=False)
        except OperationalError as error:
            raise CannotStart(f"The database does not answer: {_line(error)}") from error
        except BrokerError as error:
            raise CannotStart(f"The broker does not answer: {_line(error)}") from error
        supervisor.heed()
        call_command("collectstatic", verbosity=0, interactive=False)
        self.say("Tables and static files are up to date.")

    def wait(self, supervisor: Supervisor, web: socket) -> None:
        """Wait until the web answers and every article is analysed, then fill the queue."""
        deadline = time.monotonic() + PATIENCE
        while not _answers(web):
            self.pause(supervisor, deadline, "The web does not answer")
        self.say("The web answers.")
        while left := Analysis.objects.awaited().count():
            self.pause(supervisor, deadline, f"{left} articles are still not analysed")
        queue.open_reviews()
        if failed := Analysis.objects.failed().count():
            self.say(f"{failed} articles could not be analysed; worker.log says why.")
        self.say(f"{Review.objects.queued().count()} claims wait in the queue.")
        connections.close_all()

    def pause(self, supervisor: Supervisor, deadline: float, trouble: str) -> None:
        if time.monotonic() > deadline:
            raise CannotStart(f"{trouble} after {PATIENCE:.0f} s; the logs are in {settings.DATA}.")
        supervisor.revive()
        time.sleep(0.1)

    def greet(self, data: Path, web: socket) -> None:
        self.stdout.write(f"\nThe desk is open at http://{_host_and_port(web)}/\n\n")
        self.stdout.write((data / "sign-in.txt").read_text())
        self.stdout.write("\nCtrl-C closes it.\n")
        self.stdout.flush()

    def say(self, line: str) -> None:
        self.stdout.write(f"[{time.monotonic() - self.begun:5.1f} s] {line}")
        self.stdout.flush()


def _port() -> int:
    port = os.environ.get("PORT", "8000")
    if not port.isdecimal() or int(port) > 65535:
        raise CannotStart(f"PORT is {port!r}: it must be a number from 0 to 65535.")
    return int(port)


def _services(data: Path, web: socket, held: int) -> list[Service]:
    """Return web, workers and beat, in the order to start them; they stop the other way round.

    The clerk does the short work of the desk, so that none of it waits behind analyses. The
    gatherer waits for other people's servers, so that nothing else does.
    """
    os.environ.setdefault("FACTCHECK_PUBLIC_URL", f"http://{_host_and_port(web)}")
    gunicorn = [sys.executable, "-m", "gunicorn", "factcheck.wsgi", "--worker-class", "gthread"]
    gunicorn += ["--workers", os.environ.get("WEB_CONCURRENCY", "2"), "--threads", "4"]
    gunicorn += ["--bind", f"fd://{web.fileno()}", "--graceful-timeout", "8"]
    gunicorn += ["--no-control-socket", "--log-level", "warning"]
    celery = [sys.executable, "-m", "celery", "--app", "factcheck"]
    worker = [*celery, "worker", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    analysts = ["--queues", "analysis", "--concurrency", "2", "--hostname", "analysis@%h"]
    clerk = ["--queues", "desk", "--concurrency", "1", "--hostname", "desk@%h"]
    gatherer = ["--queues", "network", "--concurrency", "3", "--hostname", "network@%h"]
    beat = [*celery, "beat", "--loglevel", "WARNING", "--pidfile", "", "--max-interval", "5"]
    return [
        Service("web", gunicorn, data / "web.log", 12.0, keep_open=(web.fileno(), held)),
        Service("worker", [*worker, *analysts], data / "worker.log", 30.0, keep_open=(held,)),
        Service("clerk", [*worker, *clerk], data / "clerk.log", 30.0, keep_open=(held,)),
        Service("gatherer", [*worker, *gatherer], data / "gatherer.log", 30.0, keep_open=(held,)),
        # Its scheduler swallows a SIGTERM that arrives during a query.
        Service("beat", beat, data / "beat.log", 6.0, ask_again=2.0, keep_open=(held,)),
    ]


def _host_and_port(web: socket) -> str:
    host, port = web.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _answers(web: socket) -> bool:
    """Say whether the web answers, with database and broker behind it."""
    try:
        checks = probe.ask(_host_and_port(web))
    except OSError:
        return False
    return all(checks.get(name, True) for name in ("database", "broker"))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
