"""How a demo agency comes into being: taken on, staffed, given rights and stock, all through the public API.

Every step looks first at what is there, or cannot happen twice: after an interruption the same again goes on where
it ended.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.local.parts import together
from deploy.seeds.activation import Mailbox, activate
from deploy.seeds.agencies import Agency, Group, Office, Person, groups
from deploy.seeds.gateway import Gateway, Refused, Request
from deploy.seeds.offers import Offer, offers

SUSPENDED: Final = "suspended"
VIEWING: Final[Mapping[str, str]] = {"it": "Sopralluogo", "pl": "Oględziny mieszkania", "de": "Besichtigung"}
GUEST: Final = {"email": "kim.morgan@client.example", "display_name": "Kim Morgan"}
"""Somebody from outside who is invited to the demo's viewing."""


@dataclass(frozen=True, slots=True)
class World:
    """What an agency is opened in."""

    gateway: Gateway
    mailbox: Mailbox
    operator_token: str


async def open_agency(world: World, agency: Agency) -> None:
    """Open an agency, or what is still missing of it. Raises Refused, NoActivationMail, ClientError."""
    opening = _Opening(world, agency, await _administrator(world, agency))
    await opening.open_offices()
    await opening.add_people()
    await together(opening.activate_people(), opening.give_rights())
    await opening.take_on_listings()
    await opening.invite()
    await opening.suspend()


async def sign_in(gateway: Gateway, agency: Agency, person: Person) -> Gateway:
    """Return the gateway as a person reaches it who signs in with the demo password. Raises Refused."""
    codes = {"licence_code": agency.licence_code, "userid": person.userid, "password": agency.password}
    tokens = await gateway.ask(Request("POST", "identity/v1/sessions", codes))
    return gateway.bearing(tokens["access_token"])


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _called(group: Mapping[str, Any]) -> str:
    """Return by which name the demo speaks of a group: the English one of those that every agency starts with."""
    return str(group["code"] or "").replace("_", " ").capitalize() or str(group["name"])


@contextmanager
def _already_there(code: str) -> Generator[None]:
    """Take a refusal with this code as a sign that an earlier load came this far."""
    try:
        yield
    except Refused as refused:
        if refused.code != code:
            raise


def _licence(agency: Agency) -> dict[str, object]:
    return {
        "licence_code": agency.licence_code,
        "name": agency.name,
        "timezone": agency.timezone,
        "locale": agency.locale,
        "ownership": agency.ownership,
        "seats_bought": agency.seats_bought,
        "office_name": agency.offices[0].name,
        "administrator": _card(agency.administrator),
    }


def _card(person: Person) -> dict[str, object]:
    return {
        "userid": person.userid,
        "code": person.code,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
    }


async def _administrator(world: World, agency: Agency) -> Gateway:
    """Return the gateway as the administrator reaches it; take the agency on and activate him, if need be."""
    try:
        return await sign_in(world.gateway, agency, agency.administrator)
    except Refused as refused:
        if refused.code != "wrong_credentials":
            raise
    operator = world.gateway.bearing(world.operator_token)
    with _already_there("licence_code_taken"):
        await operator.ask(Request("POST", "identity/v1/licences", _licence(agency)))
    invited = {"licence_code": agency.licence_code, "userid": agency.administrator.userid}
    again = partial(operator.ask, Request("POST", "identity/v1/activation-mails", invited))
    await activate(world.gateway, world.mailbox, agency.administrator.email, agency.password, again)
    return await sign_in(world.gateway, agency, agency.administrator)


class _Opening:
    """One agency on its way, by its administrator. The steps stand in the order in which they are to be taken."""

    def __init__(self, world: World, agency: Agency, administrator: Gateway) -> None:
        self._world = world
        self._agency = agency
        self._administrator = administrator
        self._offices: dict[str, str] = {}
        self._people: dict[str, Mapping[str, Any]] = {}

    async def open_offices(self) -> None:
        """Open the offices, and learn their ids."""
        found = await self._administrator.ask(Request("GET", "identity/v1/offices"))
        ids: dict[str, str] = {each["name"]: each["id"] for each in found["items"]}
        for office in self._agency.offices:
            self._offices[office.key] = ids.get(office.name) or await self._open_office(office)

    async def add_people(self) -> None:
        """Add the people, and learn their ids and states."""
        await self._learn_people()
        missing = [person for person in self._agency.people if person.userid not in self._people]
        await together(*(self._add_person(person) for person in missing))

    async def activate_people(self) -> None:
        """Activate everybody but those whose mail is left in the mailbox for whoever tries the demo."""
        await together(
            *(
                self._activate(person)
                for person in self._agency.people
                if person.ends != "provisioned" and self._people[person.userid]["state"] == "provisioned"
            )
        )

    async def give_rights(self) -> None:
        """Make the permission groups, and put everybody into the right ones."""
        found = await self._administrator.every("authz/v1/groups")
        ids: dict[str, str] = {_called(each): each["id"] for each in found}
        own = groups()
        names = dict.fromkeys(name for person in self._agency.people for name in person.groups)
        await together(*(self._fill(name, own.get(name), ids) for name in names))

    async def take_on_listings(self) -> None:
        """Have everybody take on the listings that are theirs to take on and are not there yet."""
        there = {
            each["number"]
            for asked in ("", "&standard_status=archived")
            for each in await self._administrator.every("records/v1/listings", asked)
        }
        stock: dict[str, list[Offer]] = {}
        for offer in offers(self._agency):
            if offer.number not in there:
                stock.setdefault(offer.by, []).append(offer)
        await together(*(self._take_on(userid, theirs) for userid, theirs in stock.items()))

    async def invite(self) -> None:
        """Have the administrator meet a colleague and a guest tomorrow, unless there are other plans: two mails."""
        now = datetime.now(ZoneInfo(self._agency.timezone))
        span = f"since={_instant(now)}&until={_instant(now + timedelta(days=30))}"
        if (await self._administrator.ask(Request("GET", f"records/v1/appointments?{span}")))["items"]:
            return
        tomorrow = now.date() + timedelta(days=1)
        colleague = next(one for one in self._agency.people[1:] if one.ends == "active")
        body = {
            "kind": "viewing",
            "title": VIEWING[self._agency.locale],
            "when": {
                "timezone": self._agency.timezone,
                "starts_local": f"{tomorrow}T10:00",
                "ends_local": f"{tomorrow}T11:00",
            },
            "attendees": [self._people[colleague.userid]["id"]],
            "guests": [{**GUEST, "locale": self._agency.locale}],
        }
        request = Request("POST", "records/v1/appointments", body, key=f"demo-viewing-{tomorrow}")
        # records does not know the colleague before identity's message has come.
        await self._administrator.ask(request, passing=("unknown_person",))

    async def suspend(self) -> None:
        """Suspend whoever ends so; last, since those people take on listings before."""
        await self._learn_people()
        for person in self._agency.people:
            card = self._people[person.userid]
            if person.ends == SUSPENDED and card["state"] == "active":
                path = f"identity/v1/users/{card['id']}/state"
                await self._administrator.ask(Request("PUT", path, {"state": SUSPENDED}, version=card["version"]))

    async def _learn_people(self) -> None:
        self._people = {each["userid"]: each for each in await self._administrator.every("identity/v1/users")}

    async def _open_office(self, office: Office) -> str:
        request = Request("POST", "identity/v1/offices", {"name": office.name}, key=f"demo-office-{office.key}")
        return (await self._administrator.ask(request))["id"]

    async def _add_person(self, person: Person) -> None:
        card = {
            **_card(person),
            "principal_offices": [self._offices[key] for key in person.principal],
            "secondary_offices": [self._offices[key] for key in person.secondary],
        }
        request = Request("POST", "identity/v1/users", card, key=f"demo-person-{person.userid}")
        self._people[person.userid] = await self._administrator.ask(request)

    async def _activate(self, person: Person) -> None:
        path = f"identity/v1/users/{self._people[person.userid]['id']}/activation-mail"

        async def ask_again() -> None:
            await self._administrator.ask(Request("POST", path))

        await activate(self._world.gateway, self._world.mailbox, person.email, self._agency.password, ask_again)

    async def _fill(self, name: str, group: Group | None, ids: Mapping[str, str]) -> None:
        """Give a group its grants, unless every agency starts with it, and its members."""
        called = group.names[self._agency.locale] if group else name
        group_id = ids.get(called) or await self._make_group(called)
        path = f"authz/v1/groups/{group_id}"
        shown = await self._administrator.ask(Request("GET", path))
        if group and not shown["grants"]:
            wanted = {"grants": group.grants}
            shown = await self._administrator.ask(Request("PUT", f"{path}/grants", wanted, version=shown["version"]))
        members = {each["user_id"] for each in shown["members"]}
        for person in self._agency.people:
            user_id = self._people[person.userid]["id"]
            if name in person.groups and user_id not in members:
                request = Request("PUT", f"{path}/members/{user_id}", {}, version=shown["version"])
                # authz does not know the person before identity's message has come.
                shown = await self._administrator.ask(request, passing=("not_found",))

    async def _make_group(self, name: str) -> str:
        request = Request("POST", "authz/v1/groups", {"name": name}, key=f"demo-group-{name.encode().hex()}")
        return (await self._administrator.ask(request))["id"]

    async def _take_on(self, userid: str, theirs: list[Offer]) -> None:
        if self._people[userid]["state"] == SUSPENDED:
            return  # suspended last of all: what is missing now was removed on purpose
        creator = await sign_in(self._world.gateway, self._agency, self._agency.person(userid))
        await together(*(self._take_on_one(creator, offer) for offer in theirs))

    async def _take_on_one(self, creator: Gateway, offer: Offer) -> None:
        document = offer.document(self._offices[offer.office], self._people[offer.assignee]["id"])
        with _already_there("number_taken"):
            await creator.ask(Request("POST", "records/v1/listings", document, key=offer.idempotency_key))
