"""What older peers still send stays readable: every example ever released parses, and none is edited."""

import json
from pathlib import Path
from typing import Final

import pytest

from services.contracts.envelope import Envelope, Event
from tests.architecture.test_secrets import published

EXAMPLES: Final = Path(__file__).parents[2] / "services" / "contracts" / "examples"
each_event = pytest.mark.parametrize("event", published(), ids=lambda event: event.topic)


@each_event
def test_every_released_example_is_read(event: type[Event]) -> None:
    examples = sorted((EXAMPLES / event.topic).glob("*.json"))
    assert examples, f"no example of {event.topic}"
    for path in examples:
        envelope = Envelope.model_validate_json(path.read_text("utf-8"))
        assert envelope.type == event.topic
        event.model_validate(envelope.data, extra="ignore")


@each_event
def test_the_newest_example_has_every_field_of_today(event: type[Event]) -> None:
    newest = max((EXAMPLES / event.topic).glob("*.json"))
    data = json.loads(newest.read_text("utf-8"))["data"]
    assert event.model_validate(data).model_dump(mode="json") == data


@each_event
def test_an_envelope_of_later_years_is_read_too(event: type[Event]) -> None:
    newest = max((EXAMPLES / event.topic).glob("*.json"))
    document = json.loads(newest.read_text("utf-8"))
    document["later"] = {"a": 1}
    document["data"]["later"] = [1]
    envelope = Envelope.model_validate_json(json.dumps(document))
    event.model_validate(envelope.data, extra="ignore")
