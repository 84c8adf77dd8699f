"""The settings of what goes out to the network, and that they fail loudly when they are wrong."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from factcheck import settings
from tests.desk import ROOT


def test_they_are_read_from_the_environment():
    shown = "settings.FETCH_PORTS, settings.FETCH_FORBIDDEN, settings.EGRESS_PROXY"
    environment = {
        "FACTCHECK_FETCH_PORTS": "443,8443",
        "FACTCHECK_FETCH_FORBIDDEN": "198.51.100.0/24,2001:db8::/32",
        "FACTCHECK_EGRESS_PROXY": "http://me:secret@proxy.example:3128",
        "HTTPS_PROXY": "http://elsewhere.example:1",
    }

    done = subprocess.run(
        [sys.executable, "-c", f"from factcheck import settings\nprint({shown})"],
        cwd=ROOT, env=os.environ | environment, text=True, capture_output=True, check=True,
    )  # fmt: skip

    assert done.stdout == (
        "[443, 8443] (IPv4Network('198.51.100.0/24'), IPv6Network('2001:db8::/32'))"
        " http://me:secret@proxy.example:3128\n"
    )


@pytest.mark.parametrize(
    "url",
    ["proxy.example:3128", "https://proxy.example:3128", "http://proxy.example", "http://:1",
     "http://proxy.example:3128/path", "socks5://proxy.example:1080"],
)  # fmt: skip
def test_a_malformed_proxy_stops_the_start(url):
    with pytest.raises(ImproperlyConfigured, match=r"FACTCHECK_EGRESS_PROXY must be http://host"):
        settings._egress_proxy(url)
