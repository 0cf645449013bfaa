"""No request to other hosts: Streamlit asks a service for this machine's public address."""

from __future__ import annotations

from streamlit import net_util


def ask_nobody() -> None:
    """Keep Streamlit from asking for the public address.

    It would do so to print it at the start, and for every websocket with the Origin of another host.
    """
    net_util.get_external_ip = lambda: None
