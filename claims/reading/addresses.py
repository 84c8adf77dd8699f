"""One spelling for addresses that lead to the same page."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from claims.reading.values import LONGEST_URL

# Parameters that say how a reader came, not what is shown. From the documentation of those who add
# them: Google Analytics and Ads (utm_…, gclid, gbraid, wbraid, dclid, _ga, _gl), Meta (fbclid,
# igshid, igsh), Microsoft (msclkid), Yandex (yclid, ysclid, _openstat), X (twclid), TikTok
# (ttclid), LinkedIn (li_fat_id), Mailchimp (mc_cid, mc_eid), HubSpot (_hsenc, _hsmi, hsCtaTracking,
# __hstc, __hssc, __hsfp), Marketo (mkt_tok), Vero (vero_id, vero_conv), Matomo (mtm_…, pk_…),
# Adobe (s_cid), Olytics (oly_anon_id, oly_enc_id), Drip (__s), Wicked Reports (wickedid).
TRACKING = {
    "gclid", "gbraid", "wbraid", "dclid", "gclsrc", "_ga", "_gl", "fbclid", "igshid", "igsh",
    "msclkid", "yclid", "ysclid", "_openstat", "twclid", "ttclid", "li_fat_id", "mc_cid",
    "mc_eid", "_hsenc", "_hsmi", "hsctatracking", "__hstc", "__hssc", "__hsfp", "mkt_tok",
    "vero_id", "vero_conv", "s_cid", "oly_anon_id", "oly_enc_id", "__s", "wickedid",
}  # fmt: skip
TRACKING_PREFIXES = ("utm_", "mtm_", "pk_campaign", "pk_kwd", "pk_source", "pk_medium")
PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}\.?")
# What a site puts before its name for the same pages; what is left must still be the name of one.
_PREFIX = re.compile(r"^(?:(?:www|amp|m|mobile|edition|touch)\.)+(?=[^.]+\.)")
_SAFE = "/:@!$&'()*+,;=-._~%"


def web_address(value: str) -> str:
    """Return `value` if it is an http(s) address that a browser would open, in ASCII; else ""."""
    value = value.strip()
    if not value or len(value) > LONGEST_URL or re.search(r"[\x00-\x20\x7f<>\"\\^`{|}]", value):
        return ""
    try:
        parts = urlsplit(value)
        host, port = _host(parts), parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in PORTS or not host or "@" in parts.netloc:
        return ""
    path = quote(parts.path, safe=_SAFE)
    query, fragment = (quote(part, safe=_SAFE + "?") for part in (parts.query, parts.fragment))
    netloc = host if port is None else f"{host}:{port}"
    whole = urlunsplit((parts.scheme.lower(), netloc, path, query, fragment))
    return whole if len(whole) <= LONGEST_URL else ""


def canonical(value: str) -> str:
    """Return the one spelling of an address by which duplicates are recognised; "" if it is none.

    Scheme and host in lower case, no default port, no fragment, no parameter that only says how a
    reader came (`TRACKING`), "/" for an empty path. http and https, with and without "www.", stay
    apart: that they show the same is a habit, not a rule.
    """
    address = web_address(value)
    if not address:
        return ""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port and parts.port != PORTS[parts.scheme] else ""
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, one) for name, one in pairs if not _is_tracking(name)]
    query = urlencode(kept) if len(kept) < len(pairs) else parts.query
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, host + port, parts.path or "/", query, ""))


def host_of(address: str) -> str:
    """Return the host of an address without "www."; "" if there is none."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one site: the same host but for how it is shown (`_PREFIX`).

    "amp.courier.example" and "www.courier.example" are. "ada.pages.example" and "pages.example" are
    not: who writes under a part of somebody's name does not speak for all of it.
    """
    first, second = (_PREFIX.sub("", host_of(address)) for address in (one, other))
    return bool(first) and first == second


def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        return f"[{host}]"
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    return host if _HOST.fullmatch(host) else ""
