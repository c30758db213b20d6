"""IP addresses and networks as Event Ruler reads them (CIDR.java): plain decimal and hexadecimal."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_LONGEST = 45
"""Characters of the longest spelling of an address."""


def parse_address(text: object) -> IPv4Address | IPv6Address | None:
    """The address that `text` spells, None when it spells none. An IPv4 address that is mapped into
    IPv6 is the IPv4 address; one with a zone (`%eth0`) or with a dotted tail in IPv6 is none. Nor is
    one with leading zeros, which Java reads as decimal and others as octal.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    try:
        if ":" not in text:
            return IPv4Address(text)
        if "." in text or "%" in text:
            return None
        address = IPv6Address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address


def parse_network(text: str) -> IPv4Network | IPv6Network | None:
    """The network of `address/bits`, None when that is not one. Bits of the host are ignored. As many
    bits as the address has are refused, as by AWS.
    """
    start, _, bits = text.partition("/")
    address = parse_address(start)
    if address is None or not (bits.isascii() and bits.isdigit() and int(bits[:4]) < address.max_prefixlen):
        return None
    if isinstance(address, IPv4Address):
        return IPv4Network((address, int(bits)), strict=False)
    return IPv6Network((address, int(bits)), strict=False)
