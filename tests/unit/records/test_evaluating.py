"""An action by its name, asked about a record: the key that it stands for, decided by the one rule."""

from dataclasses import replace
from itertools import chain, combinations
from uuid import UUID

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.catalogue import record_classes
from services.authz.handlers.authzen import decision
from services.contracts.access import IN_BOTH_FORMS, AccessSnapshot, RecordFacts, RecordRight, Scope
from services.contracts.authzen import USER, Action, EvaluationAsked, RecordProperties, Resource, Subject
from services.contracts.vocabulary import Effect, Ownership, RecordClass, TenantId, UserId, View
from services.records.domain.evaluating import evaluate, readers_list
from services.records.store.sections import TABLES

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


def test_which_keys_are_keys_without_their_section_too_is_known() -> None:
    catalogue = permission_catalogue()
    assert {key for key in catalogue if key.partition(".")[2] in catalogue} == IN_BOTH_FORMS


def _by_authz(who: AccessSnapshot, section: str, action: str) -> bool:
    facts = record()
    given = RecordProperties(
        office_id=str(facts.office_id),
        assignee_id=str(facts.assignee_id),
        created_by=str(facts.created_by),
        is_private=facts.is_private,
    )
    asked = EvaluationAsked(
        subject=Subject(type=USER, id=str(ME)),
        action=Action(name=action),
        resource=Resource(type=section, id="1", properties=given),
    )
    return decision({ME: who}, asked, permission_catalogue()).decision


@pytest.mark.parametrize("section", TABLES)
@pytest.mark.parametrize("action", sorted({key.partition(".")[2] for key in IN_BOTH_FORMS} | {"links.update", "read"}))
def test_an_action_that_is_a_key_in_both_forms_means_the_sections_whatever_is_held(section: str, action: str) -> None:
    catalogue = permission_catalogue()
    own = f"{section}.{action}"
    meant = own if own in catalogue else action
    forms = [key for key in dict.fromkeys((f"{section}.read", own, action)) if key in catalogue]
    for held in chain.from_iterable(combinations(forms, many) for many in range(len(forms) + 1)):
        who = replace(holding(*held), classes=record_classes(catalogue, held))
        facts = replace(record(), section=section)
        expected = meant in catalogue and who.decide(meant, facts) is not None
        assert (evaluate(who, section, action, facts) is not None) is expected, held
        assert _by_authz(who, section, action) is expected, held


@pytest.mark.parametrize("section", TABLES)
def test_records_and_authz_take_every_name_of_every_key_for_the_same(section: str) -> None:
    catalogue = permission_catalogue()
    for key in catalogue:
        for action in {key, key.partition(".")[2]} - {"create", "private.create"}:
            if not catalogue.get(f"{section}.{action}", catalogue.get(action, catalogue[key])).scoped:
                continue
            who = holding(f"{section}.read", key)
            here = evaluate(who, section, action, replace(record(), section=section)) is not None
            assert here is _by_authz(who, section, action), (key, action)
