"""Facts travel, secrets do not."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, get_args

import pytest
from pydantic import BaseModel

import services.contracts
from services.contracts.envelope import Event
from services.contracts.queues import QUEUES

SECRET = re.compile(
    r"password|token|secret|link|url|hash|credential|key$|street|phone|e?mail|address|note"
    r"|(display|given|family|first|last|owner|client|contact|legal)_?name",
    re.IGNORECASE,
)
"""Names that no field of an event may have: credentials, and the identity data of people."""
TRAVELS = {
    "UserFacts.email": "who mails a colleague must know where",
    "UserFacts.display_name": "who mails a colleague must know how to call him",
    "AgentCardChanged.sender_address": "mail that a colleague writes goes out under it",
    "Guest.email": "who is invited is told by mail",
    "Guest.display_name": "who is invited is called by his name",
    "SignInSucceeded.address": "of the network, for the colleague's own report",
    "SignInRefused.address": "of the network, for the colleague's own report",
    "DeviceAdded.address": "of the network, so that the colleague knows whether it was he",
}


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
        for inner in models(field.annotation):
            yield from fields(inner)


def models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models that a type is or holds: in a tuple, a mapping, a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def secrets(event: type[BaseModel]) -> set[str]:
    return {name for name in fields(event) if SECRET.search(name.partition(".")[2])}


@pytest.mark.parametrize("event", published(), ids=lambda event: event.topic)
def test_no_event_has_a_field_for_a_secret(event: type[Event]) -> None:
    assert secrets(event) - TRAVELS.keys() == set()


def test_nothing_is_let_through_that_no_event_has() -> None:
    assert TRAVELS.keys() - set[str]().union(*map(secrets, published())) == set()


def test_a_planted_secret_is_noticed_wherever_in_an_event_it_is() -> None:
    class Visitor(BaseModel):
        email: str
        locale: str

    class Planted(BaseModel):
        reset_token: str
        owner_phone: str
        contact_email: str
        first: Visitor | None
        guests: tuple[Visitor, ...]
        by_day: Mapping[str, list[Visitor]]
        seen: Annotated[datetime, "when"]

    assert secrets(Planted) == {"Planted.reset_token", "Planted.owner_phone", "Planted.contact_email", "Visitor.email"}
    for wrapped in (Visitor | None, tuple[Visitor, ...], Mapping[str, list[Visitor]], Annotated[Visitor, "x"]):
        assert [*models(wrapped)] == [Visitor]


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
