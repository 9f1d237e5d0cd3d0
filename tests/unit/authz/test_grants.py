"""Only sound grants are accepted, and a refusal says exactly what is wrong where."""

from typing import Final
from uuid import UUID

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.grant import Grant, Named, check_grants, difference, named_in
from services.authz.domain.reach import NAMING, Reach
from services.authz.domain.starting_groups import starting_groups
from services.chassis.problems import Invalid
from services.contracts.vocabulary import View

CATALOGUE: Final = permission_catalogue()
OFFICE: Final = UUID(int=1)
STRANGER: Final = UUID(int=2)
KNOWN: Final = frozenset({Named(Reach.OFFICE, OFFICE)})


def faults(*grants: Grant) -> list[tuple[str, str]]:
    """Return pointer and code of everything that is wrong with the grants."""
    try:
        check_grants(grants, CATALOGUE, KNOWN)
    except Invalid as problem:
        return [(error.pointer, error.code) for error in problem.errors]
    return []


@pytest.mark.parametrize(
    "grant",
    [
        Grant("listings.read", Reach.ALL),
        Grant("listings.read", Reach.PRINCIPAL, view=View.PUBLIC),
        Grant("listings.read", Reach.OFFICE, OFFICE),
        Grant("listings.update", Reach.OWN),
        Grant("listings.create", Reach.ALL),
    ],
)
def test_a_sound_grant_is_accepted(grant: Grant) -> None:
    assert faults(grant) == []


@pytest.mark.parametrize(
    ("grant", "pointer", "code"),
    [
        (Grant("listings.fly", Reach.ALL), "key", "unknown_permission"),
        (Grant("listings.create", Reach.OWN), "reach", "reach_not_allowed"),
        (Grant("listings.private.read", Reach.OWN), "reach", "reach_not_allowed"),
        (Grant("listings.read", Reach.OFFICE), "reach_id", "reach_id_missing"),
        (Grant("listings.read", Reach.ALL, OFFICE), "reach_id", "reach_id_not_allowed"),
        (Grant("listings.read", Reach.OFFICE, STRANGER), "reach_id", "unknown_office"),
        (Grant("listings.read", Reach.USER, OFFICE), "reach_id", "unknown_user"),
        (Grant("listings.read", Reach.TEAM, OFFICE), "reach_id", "unknown_team"),
        (Grant("listings.read", Reach.OWN, view=View.PUBLIC), "view", "public_view_not_allowed"),
        (Grant("listings.create", Reach.ALL, view=View.PUBLIC), "view", "public_view_not_allowed"),
    ],
)
def test_an_unsound_grant_is_refused_where_it_is_wrong(grant: Grant, pointer: str, code: str) -> None:
    sound = Grant("listings.read", Reach.PRINCIPAL)

    assert faults(sound, grant) == [(f"/grants/1/{pointer}", code)]


def test_a_refused_reach_names_the_key_and_the_reach() -> None:
    with pytest.raises(Invalid) as refused:
        check_grants([Grant("listings.create", Reach.TEAM, OFFICE)], CATALOGUE, KNOWN)

    assert refused.value.errors[0].detail == "listings.create cannot be granted at team, only at all."


def test_the_same_grant_twice_is_refused() -> None:
    assert faults(Grant("listings.read", Reach.OWN), Grant("listings.read", Reach.OWN)) == [
        ("/grants/1", "grant_twice")
    ]


def test_every_key_takes_exactly_the_reaches_that_the_catalogue_offers() -> None:
    for permission in CATALOGUE.values():
        for reach in Reach:
            grant = Grant(permission.key, reach, OFFICE if reach in NAMING else None)
            refused = ("/grants/0/reach", "reach_not_allowed") in faults(grant)
            assert refused == (reach not in permission.reaches)


def test_an_agency_starts_with_sound_groups_of_which_only_one_administers() -> None:
    groups = {group.code: group for group in starting_groups(CATALOGUE)}

    assert list(groups) == ["administrators", "office_managers", "agents", "external_technicians"]
    assert {grant.key for grant in groups["administrators"].grants} == set(CATALOGUE)
    assert {grant.reach for grant in groups["administrators"].grants} == {Reach.ALL}
    for group in groups.values():
        check_grants(group.grants, CATALOGUE, named_in(group.grants))
    assert groups["external_technicians"].grants == ()
    for code in ("office_managers", "agents"):
        assert not [grant for grant in groups[code].grants if grant.key.startswith("admin.")]


def test_starting_groups_are_called_in_the_language_of_the_agency() -> None:
    for group in starting_groups(CATALOGUE):
        assert list(group.words) == ["en", "it", "pl", "de", "fr"], group.code
        assert all(0 < len(words.description) <= 500 for words in group.words.values()), group.code
    agents = next(group for group in starting_groups(CATALOGUE) if group.code == "agents")
    assert [agents.called(tag).name for tag in ("it", "pl-PL", "DE-at", "pt", "")] == [
        "Agenti",
        "Agenci",
        "Makler",
        "Agents",
        "Agents",
    ]


def test_an_agent_starts_without_the_identity_data_of_colleagues_and_without_deleting() -> None:
    agent = next(group for group in starting_groups(CATALOGUE) if group.code == "agents")

    for grant in agent.grants:
        if CATALOGUE[grant.key].record_class == "identity" or CATALOGUE[grant.key].record_class == "write":
            assert grant.reach is Reach.OWN, grant
    assert "listings.delete" not in {grant.key for grant in agent.grants}


def test_the_difference_of_two_sets_of_grants_leaves_alone_what_stays() -> None:
    kept, dropped, added = (Grant(f"listings.{word}", Reach.OWN) for word in ("read", "list", "update"))
    public = Grant("listings.read", Reach.ALL, view=View.PUBLIC)

    changed = difference([kept, dropped], [added, kept, public])

    assert (changed.added, changed.retimed, changed.dropped) == ((added, public), (), (dropped,))
