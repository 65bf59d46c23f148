"""Who may read the figures: named networks, or whoever holds the token. Pure; all three services ask here.

Figures name no person, but how much is dictated when, and which model serves, is nobody's business outside.
"""

import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

LOOPBACK = "127.0.0.0/8,::1/128"
# A proxy of the same machine makes everybody look like this machine: who says so comes from elsewhere.
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


@dataclass(frozen=True, slots=True)
class MetricsAccess:
    """With a token only the token counts, from any network; without one, direct connections of `networks`."""

    networks: tuple[IPv4Network | IPv6Network, ...]
    token: str = ""

    @classmethod
    def of(cls, networks: Iterable[str], token: str = "") -> "MetricsAccess":
        """Raises ValueError on what is no network, and on the whole world."""
        parsed = tuple(ip_network(name.strip()) for name in networks if name.strip())
        if any(network.prefixlen == 0 for network in parsed):
            raise ValueError(
                "AUSCULT_METRICS_ALLOW names the whole world; set AUSCULT_METRICS_TOKEN instead."
            )
        return cls(parsed, token)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "MetricsAccess":
        names = environ.get("AUSCULT_METRICS_ALLOW", LOOPBACK)
        return cls.of(names.split(","), environ.get("AUSCULT_METRICS_TOKEN", ""))

    def allows(self, address: str, headers: Mapping[str, str]) -> bool:
        """`address`: of the connection; `headers`: of the request, in lower case or case-insensitive."""
        if self.token:
            wanted, given = f"Bearer {self.token}", headers.get("authorization", "")
            return hmac.compare_digest(wanted.encode(), given.encode())
        if any(headers.get(name) for name in FORWARDED):
            return False
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self.networks)
