"""Asks a running web for its health, as a container's health check does.

`python -m factcheck.probe [CHECK…]` exits 0 when the named checks (all, if none is named) are
well. FACTCHECK_PROBE is the host:port to ask (127.0.0.1:8000).
"""

from __future__ import annotations

import http.client
import json
import os
import sys

TIMEOUT = 5.0  # seconds


def ask(address: str) -> dict[str, bool]:
    """Return which checks of the web at `host:port` are well.

    Empty when it answers with a redirect: it serves https only and no proxy stands before it.

    :raises OSError: if nothing that speaks http answers.
    """
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
    # What a proxy would say: a host name the desk answers to, and that the reader came by https.
    headers = {"X-Forwarded-Proto": "https"}
    if hosts := os.environ.get("FACTCHECK_HOSTS"):
        headers["Host"] = hosts.split(",")[0]
    try:
        connection.request("GET", "/health/", headers=headers)
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if 300 <= response.status < 400:
        return {}
    try:
        return {name: check["well"] for name, check in json.loads(body)["checks"].items()}
    except ValueError as error:
        raise OSError(f"status {response.status}, and no health in its answer") from error


def main(names: list[str]) -> str:
    """Return what is not well, in one line; "" when nothing is."""
    address = os.environ.get("FACTCHECK_PROBE", "127.0.0.1:8000")
    try:
        checks = ask(address)
    except OSError as error:
        return f"{address} does not answer: {error}"
    bad = [name for name in names or checks if not checks.get(name)]
    return f"not well: {', '.join(bad)}" if bad or not checks else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
