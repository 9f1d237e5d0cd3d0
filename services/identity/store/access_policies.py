"""Rows of access policies: of the agency, of templates, of persons."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_network
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from services.chassis.database import ForeignKeyViolation, Row, Transaction
from services.chassis.problems import Stale
from services.contracts.vocabulary import UserId
from services.identity.domain.access_policy import (
    UNLIMITED,
    AccessPolicy,
    Levels,
    Network,
    Source,
    StatedPolicy,
    UnknownTemplate,
    UnknownZone,
    joined,
)
from services.identity.domain.working_hours import Window, WorkingHours


async def of_person(tx: Transaction, user_id: UserId) -> tuple[Levels, ZoneInfo]:
    """Return the policies that concern one person, and the agency's zone. No scope: used to decide, not shown."""
    rows = await tx.rows(
        """
        SELECT p.level, p.hours::text AS hours, p.networks, p.ends_at, p.second_factor, l.timezone,
               array(SELECT unnest(z.networks)
                       FROM access_policy_zones pz
                       JOIN network_zones z ON (z.tenant_id, z.id) = (pz.tenant_id, pz.zone_id)
                      WHERE pz.tenant_id = $1 AND pz.holder_id = p.holder_id) AS zone_networks
          FROM licences l
          LEFT JOIN access_policies p
            ON p.tenant_id = $1
           AND p.holder_id = ANY(ARRAY[$1, $2, (SELECT template_id FROM access_template_members
                                                 WHERE tenant_id = $1 AND user_id = $2)])
         WHERE l.tenant_id = $1
        """,
        tx.tenant_id,
        user_id,
    )
    return levels_in(rows), ZoneInfo(rows[0]["timezone"])


async def of_people(tx: Transaction, people: Sequence[UserId]) -> Mapping[UserId, Levels]:
    """Return the policies that concern each of these people. No scope: used to decide, not shown."""
    members = await tx.rows(
        "SELECT user_id, template_id FROM access_template_members WHERE tenant_id = $1 AND user_id = ANY($2)",
        tx.tenant_id,
        people,
    )
    template_of: dict[UUID, UUID] = {row["user_id"]: row["template_id"] for row in members}
    rows = await tx.rows(
        """
        SELECT p.holder_id, p.hours::text AS hours, p.networks, p.ends_at, p.second_factor,
               array(SELECT unnest(z.networks)
                       FROM access_policy_zones pz
                       JOIN network_zones z ON (z.tenant_id, z.id) = (pz.tenant_id, pz.zone_id)
                      WHERE pz.tenant_id = $1 AND pz.holder_id = p.holder_id) AS zone_networks
          FROM access_policies p
         WHERE tenant_id = $1 AND holder_id = ANY($2)
        """,
        tx.tenant_id,
        [tx.tenant_id, *people, *set(template_of.values())],
    )
    policies = {row["holder_id"]: _resolved(row) for row in rows}

    def levels(person: UserId) -> Levels:
        holder = {"user": person, "template": template_of.get(person), "tenant": tx.tenant_id}
        return _levels(lambda level: policies.get(holder[level]))

    return {person: levels(person) for person in people}


async def find(tx: Transaction, holder_id: UUID) -> StatedPolicy:
    """Return a level's policy as it was written; version 0 states nothing.

    No scope: handlers have checked that the caller manages people.
    """
    row = await tx.row(
        """
        SELECT hours::text AS hours, networks, ends_at, second_factor, version,
               array(SELECT zone_id FROM access_policy_zones
                      WHERE tenant_id = $1 AND holder_id = $2 ORDER BY zone_id) AS zones
          FROM access_policies
         WHERE tenant_id = $1 AND holder_id = $2
        """,
        tx.tenant_id,
        holder_id,
    )
    return stated(row) if row else StatedPolicy()


async def save(tx: Transaction, level: Source, holder_id: UUID, stated: StatedPolicy) -> None:
    """Write a level's policy, whose version is one above the stored one. Raises Stale, UnknownZone."""
    policy = stated.policy
    written = await tx.execute(
        """
        INSERT INTO access_policies AS p (tenant_id, holder_id, level, hours, networks, ends_at, version, second_factor)
        SELECT $1, $2, $3, $4::text::jsonb, $5::text[], $6::timestamptz, $7::bigint, $8::boolean
         WHERE $7::bigint = 1 OR EXISTS (SELECT FROM access_policies WHERE tenant_id = $1 AND holder_id = $2)
        ON CONFLICT (tenant_id, holder_id) DO UPDATE
           SET hours = excluded.hours, networks = excluded.networks, ends_at = excluded.ends_at,
               version = excluded.version, second_factor = excluded.second_factor
         WHERE p.version = excluded.version - 1
        """,
        tx.tenant_id,
        holder_id,
        level,
        _hours_json(policy.hours),
        None if policy.networks is None else [str(network) for network in policy.networks],
        policy.ends_at,
        stated.version,
        policy.second_factor,
    )
    if not written:
        raise Stale
    await tx.execute("DELETE FROM access_policy_zones WHERE tenant_id = $1 AND holder_id = $2", tx.tenant_id, holder_id)
    try:
        await tx.execute_many(
            "INSERT INTO access_policy_zones (tenant_id, holder_id, zone_id) VALUES ($1, $2, $3)",
            [(tx.tenant_id, holder_id, zone) for zone in sorted(set(stated.zones))],
        )
    except ForeignKeyViolation:
        raise UnknownZone from None


async def template_of(tx: Transaction, user_id: UserId) -> UUID | None:
    """Return which template a person has, or None."""
    return await tx.value(
        "SELECT template_id FROM access_template_members WHERE tenant_id = $1 AND user_id = $2",
        tx.tenant_id,
        user_id,
    )


async def give_template(tx: Transaction, user_id: UserId, template_id: UUID | None) -> None:
    """Give a person a template in place of any earlier one, or none. Raises UnknownTemplate."""
    await tx.execute("DELETE FROM access_template_members WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    if template_id is None:
        return
    try:
        await tx.execute(
            "INSERT INTO access_template_members (tenant_id, user_id, template_id) VALUES ($1, $2, $3)",
            tx.tenant_id,
            user_id,
            template_id,
        )
    except ForeignKeyViolation:
        raise UnknownTemplate from None


async def everybody(tx: Transaction) -> Sequence[UserId]:
    """Return the ids of all people but ghosts."""
    rows = await tx.rows("SELECT id FROM users WHERE tenant_id = $1 AND state <> 'ghost'", tx.tenant_id)
    return [row["id"] for row in rows]


async def set_end(tx: Transaction, user_id: UserId, ends_at: datetime) -> None:
    """State the end of a new person's access and nothing else."""
    await tx.execute(
        "INSERT INTO access_policies (tenant_id, holder_id, level, ends_at) VALUES ($1, $2, 'user', $3)",
        tx.tenant_id,
        user_id,
        ends_at,
    )


def stated(row: Row) -> StatedPolicy:
    """Return the policy of a row that has its columns, and zones."""
    policy = AccessPolicy(_hours(row["hours"]), networks_of(row["networks"]), row["ends_at"], row["second_factor"])
    return StatedPolicy(policy, tuple(row["zones"]), row["version"])


def levels_in(rows: Sequence[Row]) -> Levels:
    """Return the policies of rows that have one level's each, with `zone_networks`; or none, where `level` is NULL."""
    return _levels({row["level"]: _resolved(row) for row in rows if row["level"] is not None}.get)


def networks_of(texts: Sequence[str] | None) -> tuple[Network, ...] | None:
    """Return networks as stored; None where any is allowed."""
    return None if texts is None else tuple(ip_network(text) for text in texts)


def _levels(policy_of: Callable[[str], AccessPolicy | None]) -> Levels:
    return Levels(
        user=policy_of("user") or UNLIMITED,
        template=policy_of("template") or UNLIMITED,
        tenant=policy_of("tenant") or UNLIMITED,
    )


def _resolved(row: Row) -> AccessPolicy:
    own = networks_of(row["networks"])
    zones = networks_of(row["zone_networks"]) or ()
    networks = None if own is None else joined([*own, *zones])
    return AccessPolicy(_hours(row["hours"]), networks, row["ends_at"], row["second_factor"])


def _hours(text: str | None) -> WorkingHours | None:
    if text is None:
        return None
    days = cast("dict[str, list[list[int]]]", json.loads(text))
    return WorkingHours({int(day): tuple(Window(*pair) for pair in pairs) for day, pairs in days.items()})


def _hours_json(hours: WorkingHours | None) -> str | None:
    if hours is None:
        return None
    return json.dumps({day: [[one.opens, one.closes] for one in windows] for day, windows in hours.days.items()})
