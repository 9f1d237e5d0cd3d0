"""What records is measured against: the same page by SQL written for that reach, through bare aiohttp and asyncpg.

    python -m tests.benchmarks.bare_listings PORT DATABASE_URL [CERBOS_URL]

Nobody is asked who he is, nothing is hidden, logged or counted. With `cerbos=1` the rows are asked for as a Cerbos
plan says: the plan's conditions become SQL.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import asyncpg
import uvloop
from aiohttp import web

COLUMNS: Final = """id, number, office_id, assignee_id, created_by, is_private, version, created_at, updated_at,
    standard_status, transaction_type, property_type, property_sub_type, title, description, country, region, province,
    municipality, district, postal_code, list_price_minor, currency, living_area_cm2, plot_area_cm2, rooms,
    bedrooms_total, bathrooms_total, floor, year_built, energy_class, superoffer, no_commission, banner, investment,
    key_holder_id, street_name, street_number, unit_number, owner_name, owner_phone, owner_email, private_note,
    condition, features, heating, building_area_total_cm2, parking_total, association_fee_minor,
    virtual_tour_url, occupant_type, listing_agreement, listing_contract_date, expiration_date,
    commission_basis_points"""
ORDER: Final = "ORDER BY updated_at DESC, id DESC LIMIT 50"
MINE: Final = "(NOT is_private OR assignee_id = $2)"
BY_REACH: Final[Mapping[str, str]] = {
    "none": "tenant_id = $1 AND assignee_id = $2 AND office_id = $3 AND false",
    "own": "tenant_id = $1 AND assignee_id = $2",
    "office public": "tenant_id = $1 AND $2::uuid IS NOT NULL AND office_id = $3 AND NOT is_private",
    "office": f"tenant_id = $1 AND office_id = $3 AND {MINE}",
    "region": f"tenant_id = $1 AND office_id = ANY ($3) AND {MINE}",
    "all": f"tenant_id = $1 AND {MINE}",
}
"""What each reach asks for: $1 the tenant, $2 the person, $3 his office or offices."""
RECORD_RIGHTS: Final = """SELECT record_id, effect FROM record_rights
    WHERE tenant_id = $1 AND holder_id = $2 AND section = 'listings' AND record_class = 'read'"""


def sql_of(condition: str) -> str:
    """Return the statement of a page."""
    return f"SELECT {COLUMNS} FROM listings WHERE {condition} AND NOT is_archived {ORDER}"  # noqa: S608 literals of this module


def shown(rows: Sequence[Any]) -> web.Response:
    """Return rows as JSON."""
    return web.Response(text=json.dumps([dict(row) for row in rows], default=str), content_type="application/json")


def condition_of(plan: Any, values: list[object]) -> str:
    """Return a plan's condition as SQL, its values appended to those that there are."""
    if "value" in plan:
        values.append(plan["value"])
        return f"${len(values)}"
    if "variable" in plan:
        return str(plan["variable"]).removeprefix("request.resource.attr.")
    expression = plan["expression"]
    operands = [condition_of(operand, values) for operand in expression["operands"]]
    match expression["operator"]:
        case "and" | "or" as joint:
            return "(" + f" {joint.upper()} ".join(operands) + ")"
        case "not":
            return f"NOT {operands[0]}"
        case "eq":
            return " = ".join(operands)
        case "in":
            return f"{operands[0]} = ANY ({operands[1]})"
        case other:
            raise ValueError(other)


class Bare:
    """The routes."""

    def __init__(self, pool: asyncpg.Pool, http: aiohttp.ClientSession, cerbos: str) -> None:
        self._pool = pool
        self._http = http
        self._cerbos = cerbos

    async def page(self, request: web.Request) -> web.Response:
        """Answer with the page of a reach."""
        asked = request.query
        offices = asked["offices"].split(",")
        third = [] if asked["reach"] in {"own", "all"} else [offices if asked["reach"] == "region" else offices[0]]
        statement = sql_of(BY_REACH[asked["reach"]])
        return shown(await self._pool.fetch(statement, asked["tenant"], asked["user"], *third))

    async def planned(self, request: web.Request) -> web.Response:
        """Answer with the page that a Cerbos plan leaves; what it has to know of the person is for us to find."""
        asked = request.query
        attributes: dict[str, Any] = {
            "reach": asked["reach"],
            "offices": asked["offices"].split(","),
            "allow": [],
            "deny": [],
        }
        for right in await self._pool.fetch(RECORD_RIGHTS, asked["tenant"], asked["user"]):
            attributes[right["effect"]].append(str(right["record_id"]))
        body = {
            "action": "list",
            "principal": {"id": asked["user"], "roles": ["user"], "attr": attributes},
            "resource": {"kind": "listings"},
        }
        async with self._http.post(f"{self._cerbos}/api/plan/resources", json=body) as response:
            plan = (await response.json())["filter"]
        values: list[object] = [asked["tenant"]]
        match plan["kind"]:
            case "KIND_ALWAYS_ALLOWED":
                condition = "true"
            case "KIND_ALWAYS_DENIED":
                return shown([])
            case _:
                condition = condition_of(plan["condition"], values)
        return shown(await self._pool.fetch(sql_of(f"tenant_id = $1 AND {condition}"), *values))


async def serve(port: int, database_url: str, cerbos: str) -> None:
    """Answer until killed."""
    async with (
        asyncpg.create_pool(database_url, min_size=1, max_size=10) as pool,
        aiohttp.ClientSession() as http,
    ):
        bare, app = Bare(pool, http, cerbos), web.Application()
        app.router.add_get("/page", bare.page)
        app.router.add_get("/planned", bare.planned)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""))
