"""Who asks: from which address, and in which tab."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

import gradio as gr

NAMELESS = "dragphoto.nameless"
"""In the scope of a request that names no tab: Gradio makes up a new name each time."""
PREFIX = 64  # bits of an IPv6 address that belong to a house; the rest changes daily


@dataclass(frozen=True)
class Guest:
    """One tab of a page, or one client of the HTTP API.

    Args:
        address: of the network that it asks from. Where the app stands behind a proxy this is the
            proxy's, unless FORWARDED_ALLOW_IPS names the proxy (uvicorn then reads its header).
        session: of the tab; "" where the request has none.
    """

    address: str = ""
    session: str = ""

    @staticmethod
    def of(request: gr.Request) -> "Guest":
        """Who sent a request."""
        client, asked = request.client, request.request
        nameless = asked is not None and NAMELESS in asked.scope
        session = "" if nameless else str(request.session_hash or "")
        return Guest(address(client.host if client else ""), session)


def address(host: str) -> str:
    """The network that is counted as one: an IPv4 address, or the first half of an IPv6 one."""
    try:
        found = ip_address(host)
    except ValueError:
        return host[:100]
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> PREFIX << PREFIX))
