"""What stands in letters whatever they are about: the agency, names, and the agency's own words."""

from collections.abc import Sequence

from services.chassis.database import Queries, Row
from services.notifications.domain.claim import Claim
from services.notifications.domain.letter import Author, Letterhead, Wording


async def of(queries: Queries, mails: Sequence[tuple[Claim, str]]) -> Sequence[Letterhead]:
    """Return the letterheads of mails, each in its language, in their order. No scope: letters are written with them.

    An agency whose picture is still on its way goes by our name, and by UTC.
    """
    rows = await queries.rows(
        """
        SELECT coalesce(g.name, 'Keyholder') AS agency, coalesce(g.timezone, 'UTC') AS timezone,
               coalesce(r.display_name, '') AS recipient,
               s.display_name AS author, coalesce(s.sender_address, s.card_sender_address) AS answers_to,
               w.subject, w.body_text, w.body_html
          FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
               WITH ORDINALITY AS mail (tenant_id, recipient_id, sender_id, template, language, place)
          LEFT JOIN agencies AS g ON g.tenant_id = mail.tenant_id
          LEFT JOIN recipients AS r ON r.tenant_id = mail.tenant_id AND r.id = mail.recipient_id
          LEFT JOIN recipients AS s ON s.tenant_id = mail.tenant_id AND s.id = mail.sender_id
          LEFT JOIN wordings AS w ON w.tenant_id = mail.tenant_id AND w.template = mail.template
                                 AND w.language = mail.language
         ORDER BY mail.place
        """,
        [claim.tenant_id for claim, _ in mails],
        [claim.recipient_user_id for claim, _ in mails],
        [claim.sender_user_id for claim, _ in mails],
        [claim.template for claim, _ in mails],
        [language for _, language in mails],
    )
    return [_letterhead(row) for row in rows]


def _letterhead(row: Row) -> Letterhead:
    return Letterhead(
        agency=row["agency"],
        timezone=row["timezone"],
        recipient=row["recipient"],
        author=None if row["author"] is None else Author(row["author"], row["answers_to"]),
        wording=None if row["subject"] is None else Wording(row["subject"], row["body_text"], row["body_html"]),
    )
