"""The only room that opens a socket: URL in, fetched page out.

Addresses come from people, feeds and strangers' pages, so every one is checked before anything is
connected to, and what was checked is what is connected to. In the order of a request:

    targets    the address as written → scheme, host, port, or what is wrong with it
    names      the host → its addresses, by DNS, once; networks says which are not public
    lines      a connection to one of these addresses, with TLS for the name
    exchange   one request and answer within the limits; encodings undoes compression
    pages      the same again for each redirect, and the page that comes of it
    forwarding a proxy on this machine, by which a browser goes out under the same rules
    robots     what a site allows a machine that comes by itself

`guard` holds what may be reached and how much is taken. Knows no models.
"""

from claims.fetching.forwarding import Allowance, Forwarding, forward
from claims.fetching.guard import Guard, Limits
from claims.fetching.pages import Fetched, Redirect, Validators, fetch, post, user_agent
from claims.fetching.refusals import NotFetched, Refused, Unreachable
from claims.fetching.robots import Manners, may_poll, take_turn
from claims.fetching.targets import Target, check_address

__all__ = [
    "Allowance", "Fetched", "Forwarding", "Guard", "Limits", "Manners", "NotFetched", "Redirect",
    "Refused", "Target", "Unreachable", "Validators", "check_address", "fetch", "forward",
    "may_poll", "post", "take_turn", "user_agent",
]  # fmt: skip
