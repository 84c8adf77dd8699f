"""Around the desk: lock files, the environment, embedded servers, errors in one line."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from django.db import connection

from factcheck import embedded, install, probe, supervisor

ROOT = Path(__file__).resolve().parent.parent
ABSENT_INDEX = "http://127.0.0.1:9/"  # the discard port: nothing answers


# Lock files.


@pytest.mark.parametrize(
    "name",
    [
        "requirements.lock",
        "requirements-dev.lock",
        "requirements-semantic.lock",
        "requirements-s3.lock",
    ],
)
def test_a_lock_says_versions_and_hashes_and_nothing_else(name):
    for line in (ROOT / name).read_text().splitlines():
        assert re.fullmatch(
            r"[a-z0-9-]+==[\w.]+( ; [\w\s.'<>=!]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line
        ), line


def test_the_locks_agree():
    runtime = set(re.findall(r"^\S+==\S+", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    all_of_it = set(
        re.findall(r"^\S+==\S+", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE)
    )

    assert runtime - all_of_it == set()


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_a_lock_has_everything_that_was_asked_for(name):
    asked = re.findall(r"^([A-Za-z][\w-]*)", (ROOT / f"{name}.in").read_text(), re.MULTILINE)
    locked = re.findall(r"^(\S+)==", (ROOT / f"{name}.lock").read_text(), re.MULTILINE)

    assert {package.lower().replace("_", "-") for package in asked} - set(locked) == set()


# Installing.


def run_install(environment: Path, lock: Path, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-I", ROOT / "factcheck" / "install.py", environment, lock],
        capture_output=True,
        text=True,
        env=os.environ | variables,
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """A real environment with nothing but pip in it."""
    folder = tmp_path_factory.mktemp("install") / "environment"
    empty = folder.with_name("empty.lock")
    empty.write_text("")
    assert run_install(folder, empty).returncode == 0
    return folder


def test_an_installed_environment_is_left_alone(environment):
    lock = environment.with_name("empty.lock")

    # With this index any use of pip would fail.
    again = run_install(environment, lock, PIP_INDEX_URL=ABSENT_INDEX)

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_no_network_is_one_line(environment, tmp_path):
    lock = tmp_path / "some.lock"
    lock.write_text(f"absent-package==1.0 --hash=sha256:{'0' * 64}\n")

    failed = run_install(
        environment,
        lock,
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL=ABSENT_INDEX,
        PIP_RETRIES="1",
        PIP_FIND_LINKS="",
        PIP_EXTRA_INDEX_URL="",
    )

    assert failed.returncode == 1
    assert failed.stderr == (
        "The package index cannot be reached: no network?"
        f" Pip's output is in {environment}/install.log.\n"
    )
    assert not (environment / "some.lock").exists()


def test_a_package_without_a_wheel_is_named_and_not_compiled(environment, tmp_path):
    """Its source archive is there, but building one might need a compiler."""
    (tmp_path / "needs_compiler-1.0.tar.gz").write_bytes(b"")
    lock = tmp_path / "some.lock"
    lock.write_text(f"needs-compiler==1.0 --hash=sha256:{'0' * 64}\n")

    failed = run_install(
        environment,
        lock,
        PIP_CONFIG_FILE=os.devnull,
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS=str(tmp_path),
    )

    assert failed.returncode == 1
    assert re.fullmatch(
        r"needs-compiler==1\.0 has no wheel for Python 3\.\S+ on \w+ \w+: "
        r"try another Python \(make PYTHON=python3\.12\)\.\n",
        failed.stderr,
    ), failed.stderr


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    """A file in its place stands for a read-only one, which would not stop root."""
    (tmp_path / "file").write_text("")

    failed = run_install(tmp_path / "file" / "environment", ROOT / "requirements.lock")

    assert failed.returncode == 1
    assert failed.stderr == f"Cannot write to {tmp_path}/file/environment: Not a directory.\n"


def test_a_python_without_venv_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(install.CannotInstall, match="cannot make virtual environments"):
        install.install(tmp_path / "environment", ROOT / "requirements.lock")


def test_an_old_python_is_one_line(tmp_path):
    old = tmp_path / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n")  # as `sys.exit(sys.version_info < (3, 11))` does there
    old.chmod(0o755)

    failed = subprocess.run(
        ["make", "install", f"PYTHON={old}"], cwd=ROOT, capture_output=True, text=True
    )

    assert failed.stderr.splitlines()[0] == (
        "The desk needs Python 3.11 or newer: make PYTHON=/path/to/python"
    )
    assert failed.returncode == 2


# Embedded servers.


def test_sockets_lie_in_the_data_folder(tmp_path):
    assert embedded.run_folder(Path("/srv/desk")) == Path("/srv/desk/run")


@pytest.mark.parametrize("length", range(60, 120, 5))
def test_a_socket_path_is_never_too_long(length):
    data = Path("/" + "d" * length)

    path = embedded.run_folder(data) / embedded.POSTGRES_SOCKET

    assert len(os.fsencode(path)) <= embedded.SOCKET_PATH_LIMIT
    assert embedded.run_folder(data) != embedded.run_folder(Path(f"{data}e"))


@pytest.mark.django_db
def test_nothing_listens_on_the_network(settings):
    """The test run's own servers are the ones `make run` starts."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW listen_addresses")
        assert cursor.fetchone() == ("",)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(embedded.run_folder(settings.DATA) / embedded.VALKEY_SOCKET))
        client.sendall(b"CONFIG GET port\r\n")
        assert client.recv(100) == b"*2\r\n$4\r\nport\r\n$1\r\n0\r\n"


def test_others_cannot_reach_the_sockets(settings):
    folder = embedded.run_folder(settings.DATA)

    assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    """In /tmp anybody may have made the folder first."""
    monkeypatch.setattr(embedded.os, "geteuid", lambda: 4711)

    with pytest.raises(embedded.CannotStart, match="belongs to somebody else"):
        embedded.Valkey(tmp_path).start()


def test_servers_elsewhere_are_not_embedded(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/factcheck")
    monkeypatch.delenv("REDIS_URL", raising=False)

    assert [server.name for server in embedded.needed(tmp_path)] == ["Valkey"]


@pytest.fixture
def passable():
    """A data folder that any user could be let into, and what is made there made as by `up`."""
    with tempfile.TemporaryDirectory(prefix="factcheck-") as folder:
        before = os.umask(0o077)
        yield Path(folder).resolve()
        os.umask(before)


@pytest.fixture
def running(passable, monkeypatch):
    """Start servers with a secret in our environment; stop them at the end."""
    monkeypatch.setenv("FACTCHECK_SECRET_KEY", "zanderbank")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with ExitStack() as stack:

        def start() -> dict[str, psutil.Process]:
            servers = [embedded.Postgres(passable), embedded.Valkey(passable)]
            for server in servers:
                stack.callback(server.start().stop)
            return {server.name: psutil.Process(server.process.pid) for server in servers}

        yield start


def test_servers_are_told_no_secret(running):
    told = {name: set(server.environ()) for name, server in running().items()}

    assert {"PATH", "LC_ALL", "TZ"} <= told["PostgreSQL"] <= embedded._PASSED_ON | {"LC_ALL", "TZ"}
    assert told["Valkey"] <= told["PostgreSQL"]  # it writes its title over them


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_whom_the_database_runs_as_reads_nothing_else(running, passable, monkeypatch):
    """Root who may not use user namespaces runs it as nobody, who must pass through the folder."""
    succeeds, namespace = embedded._succeeds, embedded.Identity.USER_NAMESPACE
    monkeypatch.setattr(
        embedded, "_succeeds", lambda what, who: who is not namespace and succeeds(what, who)
    )
    old = passable / "web.log"
    old.write_text("zanderbank")
    old.chmod(0o644)  # by a version before

    servers = running()

    def as_nobody(*command: str | Path) -> str:
        return subprocess.run(
            command, user=embedded.NOBODY, group=embedded.NOBODY, extra_groups=[], cwd="/",
            capture_output=True, text=True,
        ).stdout  # fmt: skip

    assert servers["PostgreSQL"].uids().real == embedded.NOBODY
    assert "PATH=" in as_nobody("cat", f"/proc/{servers['PostgreSQL'].pid}/environ")
    assert "zanderbank" not in as_nobody("cat", f"/proc/{servers['PostgreSQL'].pid}/environ")
    assert list(passable.glob("valkey/**/*.aof"))
    files = [path for path in passable.rglob("*") if path.is_file()]
    readable = as_nobody("find", *files, "-maxdepth", "0", "-readable").split()
    own = {embedded.CLUSTER, embedded.run_folder(passable).name}
    assert {Path(one).relative_to(passable).parts[0] for one in readable} == own


def test_a_missing_binary_is_one_line(monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(embedded.shutil, "which", lambda name: None)

    with pytest.raises(embedded.CannotStart, match="install one or set REDIS_URL"):
        embedded.valkey_binary()


# The supervisor's pieces; tests/faults starts the whole.


def test_a_busy_port_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(embedded.CannotStart) as refused:
            supervisor.listen("127.0.0.1", port)

    assert str(refused.value) == (
        f"Cannot listen on 127.0.0.1:{port}: Address already in use (set PORT)."
    )


def test_a_request_to_stop_waits_for_the_step_it_meets(tmp_path):
    first = supervisor.Service("first", ["sleep", "60"], tmp_path / "first.log", patience=5)
    second = supervisor.Service("second", ["sleep", "60"], tmp_path / "second.log", patience=5)
    said = []
    steps = []
    watched = supervisor.Supervisor(said.append)

    with watched.running():
        watched.start(first)
        os.kill(os.getpid(), signal.SIGTERM)
        steps.append("finished")
        watched.start(second)

    assert steps == ["finished"]
    assert (first.process.returncode, second.process) == (-signal.SIGTERM, None)
    assert [re.sub(r"\d\.\d", "…", line) for line in said] == ["Stopped first in … s."]


def test_a_part_that_keeps_ending_is_given_up(tmp_path):
    said = []
    service = supervisor.Service("false", ["false"], tmp_path / "false.log", patience=1)
    watched = supervisor.Supervisor(said.append)
    watched.start(service)

    for _ in range(3):
        service.process.wait()
        watched.revive()
    service.process.wait()
    with pytest.raises(embedded.CannotStart, match="false keeps ending"):
        watched.revive()

    assert said == [f"false has ended: starting it again; its log is {service.log}."] * 3


def test_a_service_that_does_not_stop_is_killed_with_its_children(tmp_path):
    script = "trap '' TERM; sleep 60 & echo $!; while true; do sleep 0.1; done"
    service = supervisor.Service("deaf", ["sh", "-c", script], tmp_path / "log", patience=0.5)
    service.start()
    while not (text := service.log.read_text()).endswith("\n"):
        time.sleep(0.01)
    grandchild = psutil.Process(int(text))

    service.stop()

    assert service.process.returncode == -signal.SIGKILL
    assert psutil.wait_procs([grandchild], timeout=10)[1] == []


def test_the_probe_says_who_does_not_answer(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("FACTCHECK_PROBE", f"127.0.0.1:{port}")

    assert probe.main([]) == f"127.0.0.1:{port} does not answer: [Errno 111] Connection refused"


@pytest.mark.django_db(transaction=True)
def test_the_probe_asks_for_health(live_server, monkeypatch):
    monkeypatch.setenv("FACTCHECK_PROBE", live_server.url.removeprefix("http://"))
    monkeypatch.delenv("FACTCHECK_HOSTS", raising=False)

    assert probe.main(["database", "broker"]) == ""
    assert probe.main(["database", "barometer"]) == "not well: barometer"
