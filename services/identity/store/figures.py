"""What an agency's administrators are told every week: sign-ins, seats, and accounts that end soon."""

from datetime import datetime, timedelta

from services.chassis.database import Transaction
from services.contracts.identity_api import AgencyFigures, EndingAccount
from services.identity.store import licences, users

MOST: int = 50
"""Accounts that one report names."""


async def of_agency(tx: Transaction, since: datetime, until: datetime, ahead: timedelta) -> AgencyFigures:
    """Return the figures of a span, and the ends that come within `ahead` after it; a machine or support is no sign-in.

    No scope: notifications tells nobody but administrators, and asks for their rights before it does.
    """
    signed_in = await tx.row(
        """
        SELECT count(*) AS sign_ins, count(DISTINCT user_id) AS people,
               (SELECT count(*) FROM refused_sign_ins
                 WHERE tenant_id = $1 AND user_id IS NOT NULL AND refused_at >= $2 AND refused_at < $3) AS refused
          FROM sessions
         WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3
           AND machine_token_id IS NULL AND actor IS NULL
        """,
        tx.tenant_id,
        since,
        until,
    )
    ending = await tx.rows(
        """
        SELECT u.given_name || ' ' || u.family_name AS display_name, coalesce(own.ends_at, t.ends_at) AS ends_at
          FROM users u
          LEFT JOIN access_policies own ON (own.tenant_id, own.holder_id) = (u.tenant_id, u.id)
          LEFT JOIN access_template_members m ON (m.tenant_id, m.user_id) = (u.tenant_id, u.id)
          LEFT JOIN access_policies t ON (t.tenant_id, t.holder_id) = (m.tenant_id, m.template_id)
         WHERE u.tenant_id = $1 AND u.state = 'active'
           AND coalesce(own.ends_at, t.ends_at) >= $2 AND coalesce(own.ends_at, t.ends_at) < $2 + $3::interval
         ORDER BY 2, 1
         LIMIT $4
        """,
        tx.tenant_id,
        until,
        ahead,
        MOST,
    )
    return AgencyFigures(
        sign_ins=signed_in["sign_ins"] if signed_in else 0,
        people_signed_in=signed_in["people"] if signed_in else 0,
        sign_ins_refused=signed_in["refused"] if signed_in else 0,
        seats_taken=await users.count_active(tx),
        seats=(await licences.get(tx)).seats,
        ending=tuple(EndingAccount(**row) for row in ending),
    )
