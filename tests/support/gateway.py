"""Keyholder as its users meet it: the gateway over HTTP, and the mailbox."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import aiohttp

from tests.support.running import eventually

PASSWORD: Final = "Sunny7Terrace"
LINK: Final = re.compile(r"#token=([\w=-]+)")


@dataclass
class Answer:
    """Status, headers and JSON of an answer."""

    status: int
    body: Any
    headers: Mapping[str, str]

    def expect(self, status: int) -> Any:
        """Return the body of an answer that must have this status."""
        assert self.status == status, self.body
        return self.body


@dataclass
class Person:
    """Somebody with a browser. `token` is the access token once signed in."""

    http: aiohttp.ClientSession
    url: str
    token: str | None = None
    secrets: list[str] = field(default_factory=list[str])
    """Every secret that passed through this person's hands, to be searched for in the logs."""

    async def call(
        self, method: str, path: str, body: object = None, *, data: bytes | None = None, **headers: str
    ) -> Answer:
        """Return the answer to a call through the gateway; header names are given with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.token}"
        async with self.http.request(
            method, f"{self.url}/api{path}", json=body, data=data and io.BytesIO(data), headers=sent
        ) as response:
            is_json = response.content_type.endswith("json")
            return Answer(response.status, await response.json() if is_json else None, response.headers)

    async def sign_in(self, licence_code: str, userid: str, password: str = PASSWORD) -> Answer:
        """Sign in and keep the token."""
        body = {"licence_code": licence_code, "userid": userid, "password": password}
        answer = await self.call("POST", "/identity/v1/sessions", body, Authorization="")
        if answer.status == 201:
            self.token = answer.body["access_token"]
            self.secrets += [answer.body["access_token"], answer.body["refresh_token"], password]
        return answer


@dataclass
class Mails:
    """The mailbox that catches what notifications sends."""

    http: aiohttp.ClientSession
    url: str

    async def to(self, address: str) -> list[dict[str, Any]]:
        """Return the mails to an address, oldest first."""
        async with self.http.get(f"{self.url}/api/messages", params={"to": address}) as response:
            found: list[dict[str, Any]] = await response.json()
            return sorted(found, key=lambda mail: mail["at"])

    async def activation_token(self, address: str, seconds: float = 20) -> str:
        """Return the secret of the newest activation mail to an address, once there is one."""

        async def newest() -> str | None:
            mails = await self.to(address)
            match = LINK.search(mails[-1]["text"]) if mails else None
            return match.group(1) if match else None

        return await eventually(newest, seconds) or ""


@dataclass
class Agency:
    """An agency with an administrator who is signed in."""

    licence_code: str
    tenant_id: str
    office_id: str
    administrator: Person
    mails: Mails

    async def colleague(self, **fields: object) -> tuple[dict[str, Any], str]:
        """Add a colleague; return the card and the secret of the activation mail."""
        name = uuid4().hex[:8]
        card = {
            "userid": f"u-{name}",
            "code": name.upper(),
            "given_name": "Bruno",
            "family_name": "Conti",
            "email": f"{name}@agency.example",
            **fields,
        }
        made = (await self.administrator.call("POST", "/identity/v1/users", card)).expect(201)
        return made, await self.mails.activation_token(made["email"])

    async def active_colleague(self, **fields: object) -> tuple[dict[str, Any], Person]:
        """Add a colleague who activates the account and signs in."""
        made, token = await self.colleague(**fields)
        person = Person(self.administrator.http, self.administrator.url)
        await activate(person, token)
        (await person.sign_in(self.licence_code, made["userid"])).expect(201)
        return made, person


async def activate(person: Person, token: str, password: str = PASSWORD) -> None:
    """Choose the first password with the secret of an activation mail."""
    person.secrets.append(token)
    body = {"token": token, "password": password}
    answer = await person.call("POST", "/identity/v1/activations", body, Authorization="")
    assert answer.status == 204, answer.body


async def found_agency(http: aiohttp.ClientSession, url: str, mails: Mails, operator_token: str) -> Agency:
    """Take on an agency; its administrator activates the account by mail, signs in and holds every right."""
    code = f"E-{uuid4().hex[:10]}".upper()
    address = f"{code.lower()}@agency.example"
    administrator = Person(http, url)
    body = {
        "licence_code": code,
        "name": "Agenzia Prova",
        "timezone": "Europe/Rome",
        "locale": "it",
        "seats_bought": 50,
        "office_name": "Centro",
        "administrator": {
            "userid": "admin",
            "code": "AD",
            "given_name": "Ada",
            "family_name": "Bianchi",
            "email": address,
        },
    }
    operator = f"Bearer {operator_token}"
    made = (await administrator.call("POST", "/identity/v1/licences", body, Authorization=operator)).expect(201)
    await activate(administrator, await mails.activation_token(address))
    (await administrator.sign_in(code, "admin")).expect(201)

    async def holds_every_right() -> bool:
        access = await administrator.call("GET", "/authz/v1/access")
        return access.status == 200 and "admin.agents.manage" in str(access.body)

    assert await eventually(holds_every_right, 20)
    return Agency(code, made["tenant_id"], made["office_id"], administrator, mails)
