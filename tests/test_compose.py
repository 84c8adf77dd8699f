"""docker-compose.yml and Dockerfile say things that are true of this code."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from factcheck import celery_app as app
from factcheck.management.commands import up

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ["migrate", "web", "worker", "clerk", "gatherer", "beat"]
RUNNING = [name for name in SERVICES if name != "migrate"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_services():
    assert list(SERVICES) == ["postgres", "valkey", *OURS]


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_is_root_and_nothing_gains_rights(name):
    service = SERVICES[name]

    assert service["user"] in {"postgres", "valkey", "10001:10001"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_what_is_written_for_a_moment_cannot_take_all_memory():
    assert [SERVICES[name]["tmpfs"] for name in OURS] == [["/tmp:size=2g"]] * len(OURS)


@pytest.mark.parametrize("name", RUNNING)
def test_everything_that_runs_is_asked_for_its_health(name):
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_one_image_for_all_of_ours():
    assert {(SERVICES[name]["image"], SERVICES[name]["build"]) for name in OURS} == {
        ("factcheck-desk", ".")
    }
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


@pytest.mark.parametrize("name", ["web", "worker", "clerk", "gatherer", "beat"])
def test_ours_wait_for_tables_and_servers(name):
    assert SERVICES[name]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "postgres": {"condition": "service_healthy"},
        "valkey": {"condition": "service_healthy"},
    }


def test_who_migrates_owns_the_tables_and_nobody_else():
    owner = SERVICES["postgres"]["environment"]["POSTGRES_USER"]
    given = {name: SERVICES[name]["environment"] for name in OURS}
    roles = {name: re.search(r"//(\w+):", each["DATABASE_URL"])[1] for name, each in given.items()}
    migrate = given["migrate"]

    assert roles == dict.fromkeys(OURS, "desk") | {"migrate": owner}
    assert owner != "desk"
    assert migrate["FACTCHECK_DESK_DATABASE_URL"] == given["web"]["DATABASE_URL"]
    knowing = [name for name in SERVICES if "{POSTGRES_PASSWORD:" in str(SERVICES[name])]
    assert knowing == ["postgres", "migrate"]


def test_rights_are_given_after_the_tables_are_made():
    commands = SERVICES["migrate"]["command"][2].split(" && ")

    assert commands == [
        f"python manage.py {name}" for name in ("migrate", "grant", "collectstatic --no-input")
    ]


def test_only_the_web_is_published_and_only_to_this_machine():
    assert {name: service.get("ports") for name, service in SERVICES.items()} == {
        **dict.fromkeys(SERVICES),
        "web": ["127.0.0.1:8000:8000"],
    }


def test_every_server_keeps_its_data_in_a_volume():
    mounted = {name: service["volumes"] for name, service in SERVICES.items()}

    assert mounted == {
        "postgres": ["postgres:/var/lib/postgresql"],
        "valkey": ["valkey:/data"],
        **{name: ["desk:/data"] for name in OURS},
    }
    assert "--appendonly yes" in SERVICES["valkey"]["command"][2]


def test_settings_that_most_do_not_need_come_from_a_file_that_may_be_absent():
    wanted = [{"path": "desk.env", "required": False}]

    assert [SERVICES[name].get("env_file") for name in OURS] == [wanted] * len(OURS)
    assert "desk.env" in (ROOT / ".gitignore").read_text().split()


def test_no_variable_has_a_default():
    used = re.findall(r"(?<!\$)\$\{([^}]*)\}", (ROOT / "docker-compose.yml").read_text())
    example = re.findall(r"^(\w+)=$", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert [text for text in used if not re.fullmatch(r"\w+:\?[^}]+", text)] == []
    assert {text.split(":")[0] for text in used} == set(example)


def test_every_variable_is_read_by_the_code():
    code = "\n".join(path.read_text() for path in (ROOT / "factcheck").glob("*.py"))
    given = {name for service in OURS for name in SERVICES[service]["environment"]}

    assert [name for name in sorted(given) if f'"{name}"' not in code] == []


@pytest.mark.parametrize("name", ["worker", "clerk", "gatherer", "beat"])
def test_celery_knows_its_commands(name):
    program, *arguments = SERVICES[name]["command"]
    path = Path(sys.executable).with_name(program)

    asked = subprocess.run([path, *arguments, "--help"], cwd=ROOT, capture_output=True, text=True)

    assert asked.returncode == 0, asked.stderr


def test_every_queue_has_a_worker_and_none_waits_behind_another(monkeypatch):
    """Here as under `make run`: no worker serves two."""
    monkeypatch.setenv("FACTCHECK_PUBLIC_URL", "http://127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as web:
        services = up._services(Path("data"), web, 4)
    beside = [service.command for service in services if "worker" in service.command]
    inside = [
        SERVICES[name]["command"] for name in OURS if "worker" in SERVICES[name].get("command", ())
    ]

    for commands in (
        inside,
        [" ".join(c).replace("--queues ", "--queues=").split() for c in beside],
    ):
        served = [word for command in commands for word in command if word.startswith("--queues")]
        assert served == ["--queues=analysis", "--queues=desk", "--queues=network"]
    app.loader.import_default_modules()
    tasks = [name for name in app.tasks if not name.startswith("celery.")]
    routes = {name: app.amqp.router.route({}, name)["queue"].name for name in tasks}
    assert routes == dict.fromkeys(tasks, "desk") | {
        "claims.tasks.analyse": "analysis",
        "claims.tasks.poll_feed": "network",
        "claims.tasks.gather_item": "network",
        "claims.tasks.look_again": "network",
        "claims.tasks.look_at_offer": "network",
        "claims.tasks.capture_page": "network",
        "claims.tasks.photograph_page": "network",
        "claims.tasks.deposit_page": "network",
        "claims.tasks.take_in_address": "network",
        "claims.tasks.take_in_files": "analysis",
    }


def test_gunicorn_accepts_its_command():
    command = re.search(r"^CMD \[(.+?)\]", DOCKERFILE, re.MULTILINE | re.DOTALL)[1]
    program, *arguments = re.findall(r'"([^"]+)"', command)
    path = Path(sys.executable).with_name(program)

    asked = subprocess.run(
        [path, *arguments, "--check-config"], cwd=ROOT, capture_output=True, text=True
    )

    assert asked.returncode == 0, asked.stderr


def test_the_image_has_what_the_code_needs():
    copied = re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE)
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)

    assert sorted(copied) == sorted([*allowed, "--from=environment"])
    assert all((ROOT / name).exists() for name in allowed)
    assert DOCKERFILE.count("pip install") == DOCKERFILE.count("--require-hashes") == 1


@pytest.mark.skipif(
    subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0
    if shutil.which("docker")
    else True,
    reason="no docker compose",
)
def test_docker_reads_the_file(tmp_path):
    names = re.findall(r"^(\w+)=$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    filled = tmp_path / "filled"
    filled.write_text("".join(f"{name}=x\n" for name in names))

    asked = subprocess.run(
        ["docker", "compose", "--env-file", filled, "config", "--quiet"], cwd=ROOT
    )

    assert asked.returncode == 0
