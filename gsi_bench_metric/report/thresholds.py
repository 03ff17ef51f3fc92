"""The thresholds that a run's scores were made with, as a report shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_metric.protocols.registry import PROTOCOLS, protocol_named

__all__ = ["ThresholdTable", "threshold_tables"]

_UNKNOWN = ("–", "not a threshold of this release")


@dataclasses.dataclass(frozen=True)
class ThresholdTable:
    """The thresholds of one protocol: (name, value, unit, reason)."""

    protocol: str
    rows: Sequence[tuple[str, str, str, str]]


def threshold_tables(settings: Mapping[str, Any]) -> list[ThresholdTable]:
    """Values as the run recorded them, units and reasons as this release gives them; nothing for runs that recorded none."""
    return [_table(name, values) for name, values in (settings.get("thresholds") or {}).items()]


def _table(protocol: str, values: Mapping[str, Any]) -> ThresholdTable:
    described = protocol_named(protocol).describe_thresholds() if protocol in PROTOCOLS else ()
    known = {name: (unit, reason) for name, _, unit, reason in described}
    return ThresholdTable(protocol, [(name, _said(value), *known.get(name, _UNKNOWN)) for name, value in values.items()])


def _said(value: Any) -> str:
    return " – ".join(f"{part:g}" for part in value) if isinstance(value, list | tuple) else f"{value:g}"
