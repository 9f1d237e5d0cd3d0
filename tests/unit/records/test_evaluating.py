"""An action by its name, asked about a record: the key that it stands for, decided by the one rule."""

from uuid import UUID

import pytest

from services.contracts.access import AccessSnapshot, RecordFacts, RecordRight, Scope
from services.contracts.vocabulary import Effect, Ownership, RecordClass, TenantId, UserId, View
from services.records.domain.evaluating import evaluate, readers_list

ME, OTHER, OFFICE = UserId(UUID(int=1)), UUID(int=2), UUID(int=3)
ALL = Scope(everything=View.FULL)


def holding(*keys: str, **scopes: Scope) -> AccessSnapshot:
    held = {**dict.fromkeys(keys, ALL), **scopes}
    return AccessSnapshot(TenantId(UUID(int=9)), ME, 1, Ownership.ASSIGNEE, held, principals=frozenset({ME}))


def record(*, private: bool = False, rights: tuple[RecordRight, ...] = ()) -> RecordFacts:
    return RecordFacts(OFFICE, OTHER, OTHER, private, "listings", rights)


@pytest.mark.parametrize(
    ("keys", "action", "private", "view"),
    [
        (("listings.read",), "read", False, View.FULL),
        (("listings.read",), "listings.read", False, View.FULL),
        (("listings.read",), "update", False, None),
        (("listings.update",), "update", False, None),
        (("listings.read", "listings.update"), "update", False, View.FULL),
        (("listings.read", "listings.identity.read"), "identity.read", False, View.FULL),
        (("listings.read",), "read", True, None),
        (("listings.read", "links.update"), "links.update", False, View.FULL),
        (("links.update",), "links.update", False, None),
        (("listings.create",), "create", True, View.FULL),
        (("listings.private.create",), "private.create", True, View.FULL),
        ((), "create", False, None),
        (("listings.read",), "nonsense", False, None),
        (("inquiries.read",), "inquiries.read", False, None),
    ],
)
def test_an_action_stands_for_a_key(keys: tuple[str, ...], action: str, private: bool, view: View | None) -> None:
    assert evaluate(holding(*keys), "listings", action, record(private=private)) is view


def test_a_record_right_opens_reading_to_who_holds_nothing_and_closes_it_to_who_holds_all() -> None:
    allow = RecordRight(ME, RecordClass.READ, Effect.ALLOW)
    deny = RecordRight(ME, RecordClass.READ, Effect.DENY)
    assert evaluate(holding(), "listings", "read", record(private=True, rights=(allow,))) is View.FULL
    assert evaluate(holding("listings.read"), "listings", "read", record(rights=(deny,))) is None


def test_the_list_of_a_reader_is_what_he_reads() -> None:
    reader = readers_list(holding("listings.list", **{"listings.read": Scope(own=True)}), "listings")
    assert reader.scope("listings.list") == Scope(own=True)
