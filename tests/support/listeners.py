"""The lines on which services hear of changes in their databases, cut as a network cuts them."""

from services.chassis.database import Database
from tests.support.running import eventually


async def cut(crossing: Database, channel: str) -> None:
    """Cut the lines on which a channel is heard, once there are any, and no other."""

    async def was_cut() -> bool:
        async with crossing.at_once() as queries:
            rows = await queries.rows(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                 WHERE datname = current_database() AND query LIKE 'LISTEN %' || $1 || '%'
                """,
                channel,
            )
        return bool(rows)

    await eventually(was_cut)
