"""AsyncAPI 3, generated from the contracts: who publishes what, and which queue collects it.

`python -m tests.support.asyncapi` prints the document.
"""

import json
import sys
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from services.contracts.envelope import CONTENT_TYPE, Envelope, Event
from services.contracts.queues import EXCHANGE, QUEUES
from tests.architecture.test_secrets import published

VERSION: Final = "0.2.0"


def document() -> dict[str, Any]:
    """Return the AsyncAPI document of all events."""
    events = published()
    refs, schemas = models_json_schema(
        [(model, "validation") for model in (Envelope, *events)], ref_template="#/components/schemas/{model}"
    )
    by_event = {model: schema for (model, _mode), schema in refs.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Keyholder events",
            "version": VERSION,
            "description": f"CloudEvents 1.0, structured mode, on the durable topic exchange `{EXCHANGE}`.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {event.topic: _channel(event) for event in events} | {name: _queue(name) for name in QUEUES},
        "operations": _operations(events),
        "components": {
            "messages": {event.__name__: _message(event, by_event[event]) for event in events},
            "schemas": schemas.get("$defs", {}),
        },
    }


def _channel(event: type[Event]) -> dict[str, Any]:
    exchange = {"name": EXCHANGE, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": event.topic,
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}},
    }


def _queue(name: str) -> dict[str, Any]:
    queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False}
    return {
        "address": name,
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in QUEUES[name]},
        "bindings": {"amqp": {"is": "queue", "queue": queue, "bindingVersion": "0.3.0"}},
    }


def _operations(events: list[type[Event]]) -> dict[str, Any]:
    sends = {
        f"{event.topic.partition('.')[0]}.sends.{event.topic}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{event.topic}"},
        }
        for event in events
    }
    receives = {
        f"{name.partition('.')[0]}.receives.{name}": {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}}
        for name in QUEUES
    }
    return sends | receives


def _message(event: type[Event], schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": event.topic,
        "title": event.__name__,
        "summary": (event.__doc__ or "").partition("\n")[0],
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {"properties": {"type": {"const": event.topic}, "data": schema}},
            ]
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2, ensure_ascii=False) + "\n")
