"""Prometheus metrics that every service has. Never a tenant or a person as a label."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram, generate_latest

REQUESTS: Final = Histogram(
    "http_server_request_duration_seconds",
    "Time to answer a request.",
    ["route", "method", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
BUS_CONNECTED: Final = Gauge("keyholder_bus_connected", "1 while the broker is reached.", ["role"])
OUTBOX_PUBLISHED: Final = Counter("keyholder_outbox_published", "Events confirmed by the broker.")
OUTBOX_FAILED: Final = Counter("keyholder_outbox_failed", "Events that the broker returned or refused.")
OUTBOX_OLDEST: Final = Gauge("keyholder_outbox_oldest_unsent_age_seconds", "Age of the oldest event not yet published.")
CONSUMED: Final = Counter("keyholder_messages_consumed", "Messages by what became of them.", ["queue", "outcome"])
PARKED: Final = Gauge("keyholder_messages_parked", "Messages given up after the last attempt.")
SNAPSHOTS: Final = Counter("keyholder_access_snapshots", "Access snapshots asked for.", ["outcome"])


def render() -> bytes:
    """Return all metrics in the Prometheus text format."""
    return generate_latest()
