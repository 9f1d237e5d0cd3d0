"""Rows of people and of where they work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from services.chassis.cursor import Cursor
from services.chassis.database import Queries, Row, Transaction, UniqueViolation
from services.chassis.problems import NotFound, Problem, Stale
from services.contracts.vocabulary import OfficeId, TenantId, UserId, UserKind, UserState
from services.identity.domain.user import Assignments, CodeTaken, EmailTaken, User, UseridTaken

_TYPED: Final = {"principal", "secondary", "state", "kind"}
_TAKEN: Final[dict[str | None, type[Problem]]] = {
    "users_userid_key": UseridTaken,
    "users_code_key": CodeTaken,
    "users_email_key": EmailTaken,
}


async def insert(tx: Transaction, user: User) -> None:
    """Add a person and the assignments. Raises UseridTaken, CodeTaken, EmailTaken."""
    try:
        await tx.execute(
            """
            INSERT INTO users (
                tenant_id, id, userid, code, given_name, family_name, email, locale, state, version, created_at, kind,
                sponsor_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """,
            tx.tenant_id,
            user.id,
            user.userid,
            user.code,
            user.given_name,
            user.family_name,
            user.email,
            user.locale,
            user.state,
            user.version,
            user.created_at,
            user.kind,
            user.sponsor_id,
        )
    except UniqueViolation as error:
        raise _TAKEN[error.constraint_name] from None
    await _assign(tx, user)


async def save(tx: Transaction, user: User) -> None:
    """Write a changed person, whose version is one above the stored one.

    Raises Stale, UseridTaken, CodeTaken, EmailTaken.
    """
    try:
        saved = await tx.execute(
            """
            UPDATE users
               SET code = $3, given_name = $4, family_name = $5, email = $6, locale = $7, state = $8, version = $9,
                   userid = $10, changed_at = now(), stands_down_since = NULL
             WHERE tenant_id = $1 AND id = $2 AND version = $9 - 1
            """,
            tx.tenant_id,
            user.id,
            user.code,
            user.given_name,
            user.family_name,
            user.email,
            user.locale,
            user.state,
            user.version,
            user.userid,
        )
    except UniqueViolation as error:
        raise _TAKEN[error.constraint_name] from None
    if not saved:
        raise Stale
    await tx.execute("DELETE FROM assignments WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user.id)
    await _assign(tx, user)


async def _assign(tx: Transaction, user: User) -> None:
    await tx.execute_many(
        "INSERT INTO assignments (tenant_id, user_id, office_id, kind) VALUES ($1, $2, $3, $4)",
        [
            *((tx.tenant_id, user.id, office, "principal") for office in user.assignments.principal),
            *((tx.tenant_id, user.id, office, "secondary") for office in user.assignments.secondary),
        ],
    )


async def get(tx: Transaction, user_id: UserId) -> User:
    """Return a person, locked until the transaction ends. Raises NotFound.

    No scope: used to change a person, which the caller's permission was checked for.
    """
    row = await tx.row("SELECT 1 FROM users WHERE tenant_id = $1 AND id = $2 FOR UPDATE", tx.tenant_id, user_id)
    found = await find(tx, user_id) if row else None
    if found is None:
        raise NotFound
    return found


async def hold(tx: Transaction, user_id: UserId) -> User:
    """Return a person, locked as by `get`, with the licence held before as by `licences.hold`. Raises NotFound.

    No scope: whoever asks proves that he is this person.
    """
    row = await tx.row(
        """
        WITH held AS MATERIALIZED (SELECT tenant_id FROM licences WHERE tenant_id = $1 FOR KEY SHARE)
        SELECT FROM held JOIN users u ON u.tenant_id = held.tenant_id AND u.id = $2 FOR UPDATE OF u
        """,
        tx.tenant_id,
        user_id,
    )
    found = await find(tx, user_id) if row is not None else None
    if found is None:
        raise NotFound
    return found


async def find(tx: Transaction, user_id: UserId) -> User | None:
    """Return a person, or None. No scope: colleagues may know each other; identity holds no client data."""
    row = await tx.row(
        """
        SELECT u.id, userid, code, given_name, family_name, email, locale, state, version, created_at, kind, sponsor_id,
               coalesce((SELECT p.ends_at FROM access_policies p WHERE p.tenant_id = $1 AND p.holder_id = u.id),
                        (SELECT p.ends_at
                           FROM access_template_members m
                           JOIN access_policies p ON (p.tenant_id, p.holder_id) = (m.tenant_id, m.template_id)
                          WHERE m.tenant_id = $1 AND m.user_id = u.id)) AS ends_at,
               array(SELECT office_id FROM assignments a
                      WHERE a.tenant_id = $1 AND a.user_id = u.id AND kind = 'principal' ORDER BY 1) AS principal,
               array(SELECT office_id FROM assignments a
                      WHERE a.tenant_id = $1 AND a.user_id = u.id AND kind = 'secondary' ORDER BY 1) AS secondary
          FROM users u
         WHERE tenant_id = $1 AND u.id = $2
        """,
        tx.tenant_id,
        user_id,
    )
    return _user(row) if row else None


async def page(tx: Transaction, *, after: Cursor, limit: int) -> Sequence[User]:
    """Return up to `limit` people, newest first. No scope: as `find`."""
    rows = await tx.rows(
        """
        SELECT u.id, userid, code, given_name, family_name, email, locale, state, version, created_at, kind, sponsor_id,
               coalesce((SELECT p.ends_at FROM access_policies p WHERE p.tenant_id = $1 AND p.holder_id = u.id),
                        (SELECT p.ends_at
                           FROM access_template_members m
                           JOIN access_policies p ON (p.tenant_id, p.holder_id) = (m.tenant_id, m.template_id)
                          WHERE m.tenant_id = $1 AND m.user_id = u.id)) AS ends_at,
               array(SELECT office_id FROM assignments a
                      WHERE a.tenant_id = $1 AND a.user_id = u.id AND kind = 'principal' ORDER BY 1) AS principal,
               array(SELECT office_id FROM assignments a
                      WHERE a.tenant_id = $1 AND a.user_id = u.id AND kind = 'secondary' ORDER BY 1) AS secondary
          FROM users u
         WHERE tenant_id = $1 AND (created_at, id) < ($2, $3)
         ORDER BY created_at DESC, id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
    )
    return [_user(row) for row in rows]


async def kind_of(tx: Transaction, user_id: UserId) -> UserKind | None:
    """Return what a person is to the agency, or None for nobody's id. No scope: used to decide, not shown."""
    kind = await tx.value("SELECT kind FROM users WHERE tenant_id = $1 AND id = $2", tx.tenant_id, user_id)
    return UserKind(kind) if kind else None


async def is_colleague(tx: Transaction, user_id: UserId) -> bool:
    """Say whether a person works at the agency, and neither comes from outside nor is a contact's account.

    No scope: used to decide, not shown.
    """
    return bool(
        await tx.value(
            """
            SELECT 1 FROM users u
             WHERE tenant_id = $1 AND id = $2 AND kind = 'colleague'
               AND NOT EXISTS (SELECT FROM sub_accounts s WHERE s.tenant_id = $1 AND s.user_id = u.id)
            """,
            tx.tenant_id,
            user_id,
        )
    )


async def count_active(tx: Transaction) -> int:
    """Return how many seats are taken, of which technicians take none; lock the licence first."""
    return await tx.value(
        "SELECT count(*) FROM users WHERE tenant_id = $1 AND state = 'active' AND kind = 'colleague'", tx.tenant_id
    )


async def active_versions(tx: Transaction, people: Sequence[UserId]) -> Mapping[UserId, int]:
    """Return the versions of those of these people who are active. No scope: used to decide, not shown."""
    rows = await tx.rows(
        "SELECT id, version FROM users WHERE tenant_id = $1 AND id = ANY($2) AND state = 'active'", tx.tenant_id, people
    )
    return {row["id"]: row["version"] for row in rows}


async def note_standing_down(tx: Transaction, user_id: UserId, since: datetime | None) -> None:
    """Note that a person stands down as an administrator, or with None that he does not; `save` notes that too."""
    await tx.execute(
        "UPDATE users SET stands_down_since = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, user_id, since
    )


async def standing_down_since(queries: Queries, before: datetime) -> Sequence[tuple[TenantId, UserId]]:
    """Return who of all tenants has stood down since before an instant."""
    rows = await queries.rows("SELECT tenant_id, id FROM users WHERE stands_down_since < $1 LIMIT 500", before)
    return [(row["tenant_id"], row["id"]) for row in rows]


async def id_of(tx: Transaction, userid: str) -> UserId | None:
    """Return whose user id this is, or None. No scope: for the operator, who knows no other name of a person."""
    return await tx.value(
        "SELECT id FROM users WHERE tenant_id = $1 AND lower(userid) = lower($2)", tx.tenant_id, userid
    )


def _user(row: Row) -> User:
    columns = {name: value for name, value in row.items() if name not in _TYPED}
    return User(
        **columns,
        state=UserState(row["state"]),
        kind=UserKind(row["kind"]),
        assignments=Assignments(
            tuple(OfficeId(office) for office in row["principal"]),
            tuple(OfficeId(office) for office in row["secondary"]),
        ),
    )
