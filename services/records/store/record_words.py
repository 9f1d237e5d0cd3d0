"""The words of records as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.chassis.database import Transaction

RARE: Final = 1_000
"""Up to so many occurrences, what has a word is found through the word and not by walking the list."""
_LAST: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Beginning:
    """The words that begin so: from `first` on, before `last`."""

    first: str

    @property
    def last(self) -> str:
        """Return what comes after every such word."""
        return self.first + _LAST


async def save(tx: Transaction, section: str, record_id: UUID, words: Mapping[str, bool]) -> None:
    """Make the words of a record these, each with whether the public view may find it."""
    await tx.execute(
        """
          WITH gone AS (
            DELETE FROM record_words WHERE tenant_id = $1 AND record_id = $3 AND word <> ALL ($4::text[])
        )
        INSERT INTO record_words AS kept (tenant_id, section, record_id, word, is_public)
        SELECT $1, $2, $3, given.*
          FROM unnest($4::text[], $5::boolean[]) AS given
            ON CONFLICT (tenant_id, record_id, word) DO UPDATE
           SET is_public = excluded.is_public
         WHERE kept.is_public <> excluded.is_public
        """,
        tx.tenant_id,
        section,
        record_id,
        list(words.keys()),
        list(words.values()),
    )


async def rarest(tx: Transaction, section: str, asked: Sequence[Beginning]) -> tuple[Beginning, int]:
    """Return the beginning that the fewest words have, and how many have it, counted up to one over `RARE`.

    No scope: it says nothing about a record, and decides only by which index the list is read.
    """
    counted: Sequence[int] = await tx.value(
        """
        SELECT array_agg(found.words ORDER BY wanted.place)
          FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS wanted (first, last, place)
         CROSS JOIN LATERAL (
            SELECT count(*) AS words
              FROM (SELECT FROM record_words
                     WHERE tenant_id = $1 AND section = $2 AND word >= wanted.first AND word < wanted.last
                     LIMIT $5) AS few) AS found
        """,
        tx.tenant_id,
        section,
        [each.first for each in asked],
        [each.last for each in asked],
        RARE + 1,
    )
    return min(zip(asked, counted, strict=True), key=lambda each: each[1])
