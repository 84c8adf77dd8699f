"""`manage.py up` as a person meets it: refused in one line, killed, interrupted, stopped."""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from factcheck import embedded
from tests.desk import ROOT, Desk, open_desk

pytestmark = pytest.mark.faults

ELSEWHERE = ("DATABASE_URL", "REDIS_URL", "FACTCHECK_SECRET_KEY", "DJANGO_SETTINGS_MODULE")
UP = [sys.executable, "manage.py", "up"]


def surroundings(data: Path, **variables: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return clean | {"FACTCHECK_DATA": str(data), "FACTCHECK_HTTPS": "0", "PORT": "0"} | variables


def refused(data: Path, **variables: str) -> str:
    """Run `up` where it must refuse; return the one line it says."""
    asked = subprocess.run(
        UP,
        cwd=ROOT,
        env=surroundings(data, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert asked.returncode == 1, asked.stdout
    assert asked.stderr.count("\n") == 1, asked.stderr
    return asked.stderr.strip()


def supervisor_of(desk: Desk) -> psutil.Process:
    return psutil.Process(int((desk.data / "supervisor").read_text()))


def parts_of(supervisor: psutil.Process) -> dict[str, psutil.Process]:
    """Return the supervisor's children by what they are."""
    words = {
        "postgres": "PostgreSQL",
        "valkey-server": "Valkey",
        "gunicorn": "web",
        " analysis@": "worker",
        " desk@": "clerk",
        " network@": "gatherer",
        " beat ": "beat",
    }
    parts = {}
    for process in supervisor.children():
        with suppress(psutil.NoSuchProcess):
            line = " ".join(process.cmdline()).replace(str(ROOT), "")
            parts |= {name: process for word, name in words.items() if word in line}
    return parts


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with open_desk(tmp_path_factory.mktemp("up")) as opened:
        yield opened


def test_a_second_run_on_the_same_data_is_refused(desk):
    assert refused(desk.data) == (
        f"CommandError: The desk already runs on {desk.data} (process {supervisor_of(desk).pid})."
    )


def test_workers_begin_without_a_fault(desk):
    """Celery only logs what is raised while a worker begins."""
    logs = [file.read_text() for file in desk.data.glob("*.log")]

    assert len(logs) >= 4
    assert not [log for log in logs if "Traceback" in log or "Signal handler" in log]


def test_only_the_web_port_listens(desk):
    everything = {process.pid for process in supervisor_of(desk).children(recursive=True)}

    listening = {
        connection.laddr
        for connection in psutil.net_connections("inet")
        if connection.pid in everything and connection.status == psutil.CONN_LISTEN
    }

    assert [f"http://{ip}:{port}" for ip, port in listening] == [desk.address]


def test_only_the_owner_reads_what_is_secret(desk):
    modes = {
        name: (desk.data / name).stat().st_mode & 0o777
        for name in ("sign-in.txt", "secret-key", "postgres", "run")
    }

    assert modes == {"sign-in.txt": 0o600, "secret-key": 0o600, "postgres": 0o700, "run": 0o700}


def test_nothing_in_the_folder_is_open_to_others(desk):
    """As root its data may have to be passed through, so that every part is closed by itself."""
    found = {path.relative_to(desk.data): path.lstat().st_mode for path in desk.data.rglob("*")}
    public = {path for path in found if path.parts[0] == "static" and len(path.parts) > 1}

    assert len(found.keys() - public) > 1000  # the files of the database among them
    assert [path for path in found.keys() - public if found[path] & 0o077] == []


@pytest.mark.parametrize("name", ["worker", "clerk", "gatherer", "PostgreSQL", "Valkey"])
def test_what_is_killed_is_started_again_and_leaves_nothing(desk, name):
    before = parts_of(supervisor_of(desk))[name]
    family = [before, *before.children(recursive=True)]

    before.kill()

    _, left = psutil.wait_procs(family, timeout=15)
    assert left == []
    deadline = time.monotonic() + 15
    while name not in parts_of(supervisor_of(desk)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert desk.manage("shell", "--no-imports", "-c", "print('works')") == "works\n"


def test_sigterm_stops_everything_in_order(desk):
    supervisor = supervisor_of(desk)
    parts = parts_of(supervisor)
    everything = supervisor.children(recursive=True)
    assert sorted(parts) == ["PostgreSQL", "Valkey", "beat", "clerk", "gatherer", "web", "worker"]

    supervisor.terminate()

    order = []
    deadline = time.monotonic() + 60
    while len(order) < len(parts) and time.monotonic() < deadline:
        order += [n for n, process in parts.items() if n not in order and not process.is_running()]
        time.sleep(0.002)
    assert order == ["beat", "gatherer", "clerk", "worker", "web", "Valkey", "PostgreSQL"]
    _, left = psutil.wait_procs([supervisor, *everything], timeout=10)
    assert left == []


def test_a_killed_supervisor_leaves_no_orphan_and_no_harm(tmp_path):
    """Killed first while it creates the database, then while the desk is open.

    This is the desk that makes its tables as a person's first one does; the others copy them.
    """
    first = subprocess.Popen(
        UP, cwd=ROOT, env=surroundings(tmp_path), stdout=subprocess.DEVNULL, start_new_session=True
    )
    while not (tmp_path / "postgres.unfinished").exists():
        assert first.poll() is None
        time.sleep(0.002)
    first.kill()
    first.wait()
    assert not (tmp_path / "postgres").exists()

    with open_desk(tmp_path, from_nothing=True) as desk:
        supervisor = supervisor_of(desk)
        everything = supervisor.children(recursive=True)

        supervisor.kill()

        _, left = psutil.wait_procs(everything, timeout=20)
        assert left == []


def test_a_busy_port_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert refused(tmp_path, PORT=str(port)) == (
            f"CommandError: Cannot listen on 127.0.0.1:{port}: Address already in use (set PORT)."
        )
    assert not (tmp_path / "postgres").exists()


def test_a_port_that_is_no_number_is_one_line(tmp_path):
    assert refused(tmp_path, PORT="web") == (
        "CommandError: PORT is 'web': it must be a number from 0 to 65535."
    )


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    """A file in its place stands for a read-only one, which would not stop root."""
    (tmp_path / "file").write_text("")
    data = tmp_path / "file" / "data"

    assert refused(data, FACTCHECK_SECRET_KEY="k" * 60) == (
        f"CommandError: Cannot write to {data}: Not a directory."
    )
    assert refused(data).startswith("The settings are wrong: No FACTCHECK_SECRET_KEY, and ")


def test_a_database_that_does_not_answer_is_one_line(tmp_path):
    line = refused(tmp_path, DATABASE_URL=f"postgresql://desk@/desk?host={tmp_path}")

    assert re.match("CommandError: The database does not answer: .*No such file", line), line


def test_a_broker_that_does_not_answer_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    line = refused(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0")

    assert re.match("CommandError: The broker does not answer: .*refused", line), line


def test_what_was_queued_survives_a_killed_broker(tmp_path):
    def ask(*words: str) -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(embedded.run_folder(tmp_path) / embedded.VALKEY_SOCKET))
            client.sendall(" ".join(words).encode() + b"\r\n")
            return client.recv(1000)

    broker = embedded.Valkey(tmp_path).start()
    for number in range(50):
        ask("RPUSH", "desk", f"article-{number}")
    broker.process.kill()
    broker.process.wait()

    broker.start()

    try:
        assert ask("LLEN", "desk") == b":50\r\n"
        assert ask("LINDEX", "desk", "49") == b"$10\r\narticle-49\r\n"
    finally:
        broker.stop()
