"""Internal calls that authz answers: the access snapshot as JSON."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializerFunctionWrapHandler, TypeAdapter, WrapSerializer

from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import Effect, RecordClass, UserId, View

_LISTS: Final = ("offices", "public_offices", "owners")
_CLASSES: Final = (RecordClass.NONE, RecordClass.READ, RecordClass.WRITE, RecordClass.IDENTITY)


def _grouped(snapshot: AccessSnapshot, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
    """Return the snapshot with every scope and id once, and the keys of a scope by section: it stays small.

    What follows the section in its keys stands class by class: "create;list read;update;identity.read".
    """
    keys = defaultdict[Scope, defaultdict[str, list[list[str]]]](lambda: defaultdict(lambda: [[] for _ in _CLASSES]))
    for key, scope in snapshot.scopes.items():
        section, _, action = key.partition(".")
        keys[scope][section][_CLASSES.index(snapshot.classes.get(key, RecordClass.NONE))].append(action)
    ids = {each: at for at, each in enumerate(dict.fromkeys(chain.from_iterable(map(_named, keys))))}
    document = cast("dict[str, Any]", write(replace(snapshot, scopes={}, classes={})))
    del document["scopes"], document["classes"]
    granted = [
        {
            **_numbered(scope, ids),
            "keys": {
                section: ";".join(" ".join(actions) for actions in by_class).rstrip(";")
                for section, by_class in by_section.items()
            },
        }
        for scope, by_section in keys.items()
    ]
    return {**document, "ids": [each.hex for each in ids], "granted": granted}


def _named(scope: Scope) -> Iterable[UUID]:
    return chain(scope.offices, scope.public_offices, scope.owners)


def _numbered(scope: Scope, ids: Mapping[UUID, int]) -> dict[str, Any]:
    """Return a scope without what it does not have, its ids as places in the list of all."""
    shown: dict[str, Any] = {"everything": scope.everything, "own": scope.own}
    shown |= {name: sorted(ids[each] for each in getattr(scope, name)) for name in _LISTS}
    return {name: value for name, value in shown.items() if value}


def _spread(document: object) -> object:
    """Return what `_grouped` made with a scope per key again; the older form, which has them, as it is."""
    if not isinstance(document, dict) or "granted" not in document:
        return cast("object", document)
    given = dict(cast("dict[str, Any]", document))
    ids: list[str] = given.pop("ids")
    scopes, classes = dict[str, Any](), dict[str, RecordClass]()
    for granted in cast("list[dict[str, Any]]", given.pop("granted")):
        scope = {name: value for name, value in granted.items() if name != "keys"}
        scope |= {name: [ids[at] for at in granted[name]] for name in _LISTS if name in granted}
        for section, text in granted["keys"].items():
            for record_class, actions in zip(_CLASSES, text.split(";"), strict=False):
                keys = [f"{section}.{action}" for action in actions.split()]
                scopes |= dict.fromkeys(keys, scope)
                classes |= {} if record_class is RecordClass.NONE else dict.fromkeys(keys, record_class)
    return {**given, "scopes": scopes, "classes": classes}


class Administrators(BaseModel):
    """Who administers an agency, with or without a date at which that ends.

    `GET /internal/v1/tenants/{tenant_id}/administrators`
    """

    model_config = ConfigDict(frozen=True)

    user_ids: tuple[UserId, ...]


class SiteAppearance(BaseModel):
    """Whether a person may appear on the agency's web site and on portals.

    `GET /internal/v1/tenants/{tenant_id}/users/{user_id}/site-appearance`
    """

    model_config = ConfigDict(frozen=True)

    shown: bool


class StampEntry(BaseModel):
    """What a stamp says to a user, team or office about a class of keys."""

    model_config = ConfigDict(frozen=True)

    holder_kind: Literal["user", "team", "office"]
    holder_id: UUID
    record_class: RecordClass
    effect: Effect


class StampEntries(BaseModel):
    """Everything that one of a person's own stamps says.

    `GET /internal/v1/tenants/{tenant_id}/users/{user_id}/stamps/{stamp_id}`
    """

    model_config = ConfigDict(frozen=True)

    entries: tuple[StampEntry, ...]


class DecidingGrant(BaseModel):
    """A grant, what it is held through, and who gave it when; nobody: it is from the start of the agency."""

    model_config = ConfigDict(frozen=True)

    holder: Literal["user", "group", "template"]
    holder_id: UUID
    holder_name: str
    key: str
    reach: str
    reach_id: UUID | None
    view: View
    until: datetime | None
    granted_by: UUID | None
    granted_at: datetime | None


class DecidingSource(BaseModel):
    """What decides whether a person may use a permission on a record."""

    model_config = ConfigDict(frozen=True)

    key: str
    record_class: RecordClass
    decided_by: Literal["group", "template", "user", "switch", "record_right", "private", "state", "nothing"]
    grant: DecidingGrant | None
    """The grant that let it pass, if one did."""


class DecidingSources(BaseModel):
    """What decides about every permission of a record's section, for one person.

    `POST /internal/v1/tenants/{tenant_id}/users/{user_id}/deciding-sources`
    """

    model_config = ConfigDict(frozen=True)

    sources: tuple[DecidingSource, ...]


WireSnapshot = Annotated[AccessSnapshot, BeforeValidator(_spread), WrapSerializer(_grouped)]


class SupposedAccess(BaseModel):
    """What one person may do, and what he might do if a proposal were carried out."""

    model_config = ConfigDict(frozen=True)

    before: WireSnapshot
    after: WireSnapshot


class SupposedAccesses(BaseModel):
    """The people for whom a proposal makes a difference to certain keys, by id, as many as were asked for.

    `POST /internal/v1/tenants/{tenant_id}/hypotheses`
    """

    model_config = ConfigDict(frozen=True)

    concerned: int
    """How many there are."""
    complete: bool
    """False when more people were touched than were looked at."""
    people: tuple[SupposedAccess, ...]


SNAPSHOT: Final = TypeAdapter[AccessSnapshot](WireSnapshot)
"""Reads and writes an access snapshot; sets are lists, ids strings, absent scopes reach nothing."""
