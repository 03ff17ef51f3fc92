"""Names of protocols, as `--protocol` takes them. No name of one is compared anywhere else: its object is asked instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gsi_bench_metric.protocols.base import MetricProtocol, ProtocolError
from gsi_bench_metric.registry import Registry

__all__ = ["DEFAULT", "PROTOCOLS", "ProtocolError", "protocol_named", "thresholds_of"]

DEFAULT = "strict"  # where a user says nothing
PROTOCOLS: Registry[MetricProtocol] = Registry(
    "protocol",
    {
        "strict": "gsi_bench_metric.protocols.strict.protocol:PROTOCOL",
        "official": "gsi_bench_metric.protocols.official.protocol:PROTOCOL",
    },
    ProtocolError,
)


def protocol_named(name: str) -> MetricProtocol:
    """The protocol of that name.

    Raises:
        ProtocolError: there is none.
    """
    return PROTOCOLS[name]


def thresholds_of(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The thresholds of the protocols that have any, by protocol and name, for a run's settings."""
    found = {name: dict(protocol_named(name).thresholds()) for name in names}
    return {name: values for name, values in found.items() if values}
