"""Where a request came from."""

import ipaddress

from django.conf import settings


def _parse(text: str):
    try:
        return ipaddress.ip_address(text.strip().strip("[]"))
    except ValueError:
        return None


def _trusted(address) -> bool:
    return any(address in ipaddress.ip_network(net, strict=False) for net in settings.TRUSTED_PROXIES)


def client_address(request) -> str | None:
    """The address of whoever asks; None if it is unknown.

    X-Forwarded-For is believed only as far as it was written by proxies of ours (settings.TRUSTED_PROXIES, addresses
    or networks): anybody can send the header. It is read from the right, past our own proxies.
    """
    address = _parse(request.META.get("REMOTE_ADDR", ""))
    if address is None or not _trusted(address):
        return str(address) if address else None
    for text in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        hop = _parse(text)
        if hop is None:
            break
        address = hop
        if not _trusted(hop):
            break
    return str(address)


def neighbourhood(address: str | None) -> str | None:
    """What is counted as one sender: an IPv4 address; of an IPv6 address the /64, of which one household has 2**64."""
    parsed = _parse(address or "")
    if parsed is None:
        return None
    if parsed.version == 6:
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)
