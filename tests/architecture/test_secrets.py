"""Facts travel, secrets do not."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

import services.contracts
from services.contracts.envelope import Event
from services.contracts.queues import QUEUES

SECRET = re.compile(r"password|token|secret|link|url|hash|credential|key$|street|phone|owner_name|note", re.IGNORECASE)
"""Names that no field of an event may have: credentials, and the identity data of clients."""
OF_COLLEAGUES = {"UserFacts.email", "UserFacts.display_name"}
"""A colleague's name and address travel, since who mails him must know them."""


def events() -> Iterator[type[Event]]:
    for module in pkgutil.iter_modules(services.contracts.__path__):
        if module.name.endswith("_events"):
            found = vars(importlib.import_module(f"services.contracts.{module.name}")).values()
            yield from (one for one in found if isinstance(one, type) and issubclass(one, Event) and one is not Event)


def published() -> list[type[Event]]:
    return sorted({event for event in events() if "topic" in vars(event)}, key=lambda event: event.topic)


def fields(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{model.__name__}.{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation)


@pytest.mark.parametrize("event", published(), ids=lambda event: event.topic)
def test_no_event_has_a_field_for_a_secret(event: type[Event]) -> None:
    assert [name for name in fields(event) if SECRET.search(name.partition(".")[2]) and name not in OF_COLLEAGUES] == []


@pytest.mark.parametrize("event", published(), ids=lambda event: event.topic)
def test_a_topic_says_service_noun_happening_and_version(event: type[Event]) -> None:
    assert re.fullmatch(r"(identity|authz|records|notifications)\.[a-z_]+\.[a-z_]+\.v[1-9]", event.topic)
    assert event.__module__.endswith(f"{event.topic.partition('.')[0]}_events")


def test_every_queue_is_named_after_the_service_that_consumes_it() -> None:
    for queue, collected in QUEUES.items():
        service, _, consumer = queue.partition(".")
        subscriptions = importlib.import_module(f"services.{service}.consumers").SUBSCRIPTIONS
        (handlers,) = [one.handlers for one in subscriptions if one.queue == queue]
        assert set(handlers) == set(collected)
        assert consumer
