"""Make a virtual environment from a lock file, or say in one line why that cannot be.

The Makefile runs this with the system's Python before anything is installed, as
`python3 -I factcheck/install.py .venv requirements.lock`: standard library only.
"""

import fcntl
import importlib.util
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

# Published as source only; pure Python, so that building it takes no compiler.
BUILT_HERE = "jstyleson"
NO_NETWORK = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    "|Connection refused|Network is unreachable|Temporary failure in name resolution"
)
NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


class CannotInstall(Exception):
    """The environment cannot be made; the message is one line for whoever typed the command."""


def install(environment: Path, lock: Path) -> None:
    """Bring `environment` to what `lock` says; do nothing when it is there already.

    :raises CannotInstall: if the folder, the network, a wheel or Python itself is missing.
    """
    try:
        environment.mkdir(exist_ok=True)
        # Two commands started together take turns instead of installing over each other.
        folder = os.open(environment, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        python = environment / "bin" / "python"
        if not _works(python):
            _create(environment)
        stamp = environment / lock.name
        if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
            print(f"Installing {lock.name}: half a minute the first time.", flush=True)
            _pip_install(python, lock, log=environment / "install.log")
            stamp.write_bytes(lock.read_bytes())
    except OSError as error:
        raise CannotInstall(f"Cannot write to {environment}: {error.strerror}.") from error


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    return subprocess.run([python, "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0


def _create(environment: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise CannotInstall(
            f"{sys.executable} cannot make virtual environments: install its venv module"
            f" (Debian, Ubuntu: apt-get install python{version}-venv)."
        )
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", environment], capture_output=True, text=True
    )
    if made.returncode:
        raise CannotInstall(f"python -m venv failed: {_last_line(made.stderr or made.stdout)}")


def _pip_install(python: Path, lock: Path, log: Path) -> None:
    command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command += ["--require-hashes", "--only-binary=:all:", f"--no-binary={BUILT_HERE}"]
    with log.open("w") as output:
        done = subprocess.run(
            [*command, "--requirement", str(lock)], stdout=output, stderr=subprocess.STDOUT
        )
    if done.returncode:
        raise CannotInstall(_reason(log.read_text(errors="replace"), log))


def _reason(text: str, log: Path) -> str:
    if "No space left on device" in text:
        return f"The disk is full; the whole of pip's output is in {log}."
    if NO_NETWORK.search(text):
        return f"The package index cannot be reached: no network? Pip's output is in {log}."
    if missing := NO_WHEEL.search(text):
        here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        return f"{missing[1]} has no wheel for {here}: try another Python (make PYTHON=python3.12)."
    return f"pip failed: {_last_line(text)} Its output is in {log}."


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it said nothing."])[-1]


if __name__ == "__main__":
    try:
        install(Path(sys.argv[1]), Path(sys.argv[2]))
    except CannotInstall as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted; the next run begins again.")
