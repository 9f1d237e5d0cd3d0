"""The global pass: what was committed, what was carried out, what the mailbox got and what the history says agree."""

from collections import Counter
from uuid import UUID

from tests.faults.site import Site
from tests.support.running import eventually

QUIET = """
    SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM failed_messages WHERE next_try_at IS NOT NULL)
         + (SELECT count(*) FROM deliveries WHERE next_try_at IS NOT NULL)
"""
WAITING = """
    UPDATE deliveries SET next_try_at = now()
     WHERE state IN ('queued', 'deferred', 'uncertain') AND next_try_at > now()
"""
LEASED = "UPDATE deliveries SET next_try_at = now() WHERE state IN ('claimed', 'handing_over') AND next_try_at > now()"


async def let_waits_end(site: Site, *, leases: bool = False) -> None:
    """Make due what waits for its next try; with `leases` also what a process had in hand that is no more."""
    await site.rows("notifications", LEASED if leases else WAITING)
    await site.rows("notifications", "UPDATE failed_messages SET next_try_at = now() WHERE next_try_at > now()")


async def expect_everything_once(site: Site, seconds: float = 300) -> None:
    """Wait until nothing is under way any more, then hold what was told against what came of it."""

    async def quiet() -> bool:
        for name, part in site.parts.items():
            assert part.pid, f"{name} ended by itself"
        await let_waits_end(site)
        told = await site.value("identity", "SELECT count(*) FROM outbox")
        if told or await site.value("notifications", QUIET):
            return False
        return not await _lacking(site)

    await eventually(quiet, seconds)
    await _effects_agree(site)
    await _mails_agree(site)


async def _effects_agree(site: Site) -> None:
    carried_out = await _events(site, "notifications", "SELECT event_id FROM faults.carried_out")
    assert [event for event, times in carried_out.items() if times > 1] == []
    assert await _lacking(site) == set()
    stored = await _events(site, "notifications", "SELECT event_id FROM deliveries")
    assert stored == carried_out


async def _mails_agree(site: Site) -> None:
    deliveries = await site.rows(
        "notifications",
        """
        SELECT d.id, d.state, d.uncertain_attempts, d.recipient_address,
               (SELECT array_agg(h.state ORDER BY h.seq) FROM delivery_history AS h
                 WHERE (h.tenant_id, h.delivery_id) = (d.tenant_id, d.id)) AS lines
          FROM deliveries AS d
        """,
    )
    got = Counter((mail.message_id.partition("@")[0].strip("<"), mail.recipient) for mail in site.sink.received)
    wrong = list[str]()
    for row in deliveries:
        mails = got.pop((str(row["id"]), row["recipient_address"]), 0)
        if not _agrees(row["state"], mails, row["uncertain_attempts"], row["lines"]):
            wrong.append(f"{row['id']}: {row['state']}, {mails} mails, {row['lines']}")
    assert wrong == []
    assert not got, "mails of no delivery"


def _agrees(state: str, mails: int, uncertain: int, lines: list[str]) -> bool:
    """Say whether a history tells what happened: more mails than one only where it admits the doubt."""
    if lines[0] != "queued" or lines[-1] != state or lines.count("sent") != (state == "sent"):
        return False
    if state == "sent":
        return 1 <= mails <= 1 + uncertain
    return mails <= uncertain if state == "uncertain" else state == "refused" and mails == 0


async def _lacking(site: Site) -> set[UUID]:
    """Return the events that were committed and not carried out."""
    committed = await _events(site, "identity", "SELECT event_id FROM faults.committed")
    return set(committed) - set(await _events(site, "notifications", "SELECT event_id FROM faults.carried_out"))


async def _events(site: Site, name: str, sql: str) -> Counter[UUID]:
    return Counter(row["event_id"] for row in await site.rows(name, sql))
