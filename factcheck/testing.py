"""A pytest plugin (`-p factcheck.testing`): throw-away servers for the whole test run."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from factcheck import embedded

_servers = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers before pytest-django reads the settings, which name their sockets."""
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        # One process may use the ORM in a test while Playwright's event loop runs in its thread.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        os.environ.setdefault("FACTCHECK_HTTPS", "0")
        try:
            _servers.enter_context(embedded.throwaway())
        except embedded.CannotStart as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


def pytest_unconfigure() -> None:
    _servers.close()
