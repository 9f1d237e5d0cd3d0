"""The published document of events is that of the contracts."""

import json
import re
from pathlib import Path
from typing import Any, Final

from services.contracts.queues import QUEUES
from tests.architecture.test_secrets import published
from tests.support.asyncapi import document

FILE: Final = Path(__file__).parents[2] / "services" / "contracts" / "asyncapi" / "keyholder.json"


def references(text: str) -> list[str]:
    return re.findall(r'"\$ref": "([^"]+)"', text)


def test_the_document_on_disk_is_what_the_contracts_give() -> None:
    """Write it anew with `python -m tests.support.asyncapi > services/contracts/asyncapi/keyholder.json`."""
    assert json.loads(FILE.read_text("utf-8")) == document()


def test_every_event_is_sent_once_and_every_queue_received_from() -> None:
    operations = document()["operations"].values()
    sent = [one["channel"]["$ref"].removeprefix("#/channels/") for one in operations if one["action"] == "send"]
    received = [one["channel"]["$ref"].removeprefix("#/channels/") for one in operations if one["action"] == "receive"]
    assert sorted(sent) == sorted(event.topic for event in published())
    assert sorted(received) == sorted(QUEUES)


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    for reference in references(json.dumps(whole)):
        place: Any = whole
        for part in reference.removeprefix("#/").split("/"):
            assert part in place, reference
            place = place[part]
