"""What a record shows and what the rule answers are one thing: whoever asks, by whichever key, in whichever view.

The public view of a record has public fields only. So identity data is granted where the record is read in full
view, and nowhere else: a screen never hides what an answer has promised, and an answer never promises more.
"""

from dataclasses import replace
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from services.contracts.access import NOTHING, AccessSnapshot, RecordRight, Scope
from services.contracts.vocabulary import Effect, Ownership, RecordClass, View
from services.records.domain.projection import project
from services.records.domain.record import OPENED_BY, Record, Tier
from tests.matrix.cases import ANNA, BRUNO, CENTRE, LIST_SCOPES, STOCK, TEAM, TENANT

ACTIONS: Final = {
    "list": RecordClass.READ,
    "read": RecordClass.READ,
    "private.read": RecordClass.READ,
    "update": RecordClass.WRITE,
    **dict.fromkeys(OPENED_BY.values(), RecordClass.IDENTITY),
}
CLASSES: Final = {f"{section}.{action}": each for section in STOCK for action, each in ACTIONS.items()}
RECORDS: Final = [record for records in STOCK.values() for record in records]
IDENTITY: Final = [action for action, each in ACTIONS.items() if each is RecordClass.IDENTITY]

SCOPES: Final = st.sampled_from(list(LIST_SCOPES.values()))
RIGHTS: Final = st.lists(
    st.builds(
        RecordRight,
        st.sampled_from([ANNA, BRUNO, TEAM, CENTRE]),
        st.sampled_from([RecordClass.READ, RecordClass.WRITE, RecordClass.IDENTITY]),
        st.sampled_from(Effect),
    ),
    max_size=4,
    unique_by=lambda right: (right.holder_id, right.record_class),
).map(tuple)


@st.composite
def people(draw: st.DrawFn) -> AccessSnapshot:
    """Return somebody who holds each key at some reach, or not at all."""
    scopes = {key: draw(SCOPES) for key in CLASSES}
    return AccessSnapshot(
        TENANT,
        ANNA,
        1,
        draw(st.sampled_from(Ownership)),
        {key: scope for key, scope in scopes.items() if scope != NOTHING},
        principals=frozenset({ANNA, TEAM, CENTRE}),
        classes=CLASSES,
    )


@given(people(), st.sampled_from(RECORDS), RIGHTS)
def test_a_tier_is_shown_exactly_where_its_key_is_granted(
    who: AccessSnapshot, plain: Record, rights: tuple[RecordRight, ...]
) -> None:
    record = replace(plain, rights=rights)
    key, facts = record.section.key, record.facts()
    shown = project(record, who)

    assert (shown is not None) == (who.decide(key("read"), facts) is not None)
    assert (shown and shown.view) == who.decide(key("read"), facts)
    for tier, opens in OPENED_BY.items():
        if tier not in record.section.tiers:  # contacts have no private note
            continue
        assert (shown is not None and tier in shown.tiers) == (who.decide(key(opens), facts) is not None), tier


@given(people(), st.sampled_from(RECORDS), RIGHTS)
def test_identity_data_is_granted_in_full_view_or_not_at_all(
    who: AccessSnapshot, plain: Record, rights: tuple[RecordRight, ...]
) -> None:
    record = replace(plain, rights=rights)
    key, facts = record.section.key, record.facts()
    for action in IDENTITY:
        view = who.decide(key(action), facts)
        assert view is not View.PUBLIC
        assert view is None or who.decide(key("read"), facts) is View.FULL


@given(people(), st.sampled_from(RECORDS), RIGHTS)
def test_a_row_of_a_list_shows_no_tier_that_the_opened_record_hides(
    who: AccessSnapshot, plain: Record, rights: tuple[RecordRight, ...]
) -> None:
    record = replace(plain, rights=rights)
    row, opened = project(record, who, "list"), project(record, who)

    for tier in (Tier.IDENTITY, Tier.PRIVATE_NOTE):
        if row is not None and tier in row.tiers:
            assert opened is not None
            assert tier in opened.tiers


def test_whoever_reads_in_public_view_gets_no_identity_data_by_a_key_of_its_own() -> None:
    scopes = {"listings.read": Scope(everything=View.PUBLIC), "listings.identity.read": Scope(everything=View.FULL)}
    who = AccessSnapshot(TENANT, ANNA, 1, Ownership.ASSIGNEE, scopes, classes=CLASSES)
    theirs = next(each for each in RECORDS if not each.is_private and not each.rights and each.assignee_id == BRUNO)

    assert who.decide("listings.read", theirs.facts()) is View.PUBLIC
    assert who.decide("listings.identity.read", theirs.facts()) is None
    shown = project(theirs, who)
    assert shown is not None
    assert set(shown.tiers) == {Tier.PUBLIC}
