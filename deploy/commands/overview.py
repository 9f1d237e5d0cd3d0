"""The table of addresses and log-ins. Standard library only."""

from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import urlsplit

SERVICES = ("identity", "authz", "records", "notifications")


def overview(state: Mapping[str, object]) -> str:
    """Return the addresses and the demo log-ins of a running system as text."""
    gateway = str(state["gateway"])
    rows = [("Gateway", gateway), ("Mailbox", str(state["mailbox"]))]
    rows += [(f"API of {name}", f"{gateway}/api/{name}/openapi.json") for name in SERVICES]
    rows += [(name, url) for name, url in cast("Mapping[str, str]", state["services"]).items()]
    rows += [("PostgreSQL", _place(str(state["postgres"]))), ("RabbitMQ", _place(str(state["amqp"])))]
    rows += [("SMTP", f"127.0.0.1:{state['smtp_port']}")]
    text = "\n".join(f"  {name:<24} {value}" for name, value in rows)
    log_ins = cast("Sequence[Mapping[str, str]]", state["log_ins"])
    if not log_ins:
        return text
    titles = ("agency", "licence_code", "userid", "password", "role")
    table = [titles, *(tuple(one[title] for title in titles) for one in log_ins)]
    widths = [max(len(row[column]) for row in table) for column in range(len(titles))]
    lines = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
    return f"{text}\n\n" + "\n".join(line.rstrip() for line in lines)


def variables(state: Mapping[str, object]) -> dict[str, str]:
    """Return the addresses as environment variables; with passwords."""
    found = {
        "KEYHOLDER_GATEWAY_URL": str(state["gateway"]),
        "KEYHOLDER_MAILBOX_URL": str(state["mailbox"]),
        "KEYHOLDER_DATABASE_URL": str(state["postgres"]),
        "KEYHOLDER_AMQP_URL": str(state["amqp"]),
    }
    for name, url in cast("Mapping[str, str]", state["services"]).items():
        found[f"KEYHOLDER_{name.upper().replace('-', '_')}_URL"] = url
    return found


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}"
