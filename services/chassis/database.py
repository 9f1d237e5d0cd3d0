"""PostgreSQL: pools, transactions fenced to one tenant, and SQL as literals."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, LiteralString, NamedTuple, TypeAlias, cast
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from pydantic import JsonValue

from services.chassis.problems import TooSlow, Unavailable
from services.contracts.vocabulary import TenantId

Row = asyncpg.Record
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
UniqueViolation = asyncpg.UniqueViolationError
ForeignKeyViolation = asyncpg.ForeignKeyViolationError

CONNECT_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_MS = 5_000
_AWAY = (
    OSError,  # a timeout too
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # starting, stopping, another process of the server crashed
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
    asyncpg.InternalClientError,  # the pool gave out a connection in the moment in which it broke
)
# Of two that wait for each other one is given up, too: trying again, it finds the other gone.
_TOO_SLOW = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)


def json_object(text: str) -> dict[str, JsonValue]:
    """Return a JSON object read from a column that is known to hold one."""
    return cast("dict[str, JsonValue]", json.loads(text))


class Queries:
    """The statements of one transaction. SQL is a literal: the type checker refuses any other string."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def rows(self, sql: LiteralString, *values: object) -> Sequence[Row]:
        """Return all rows of a query."""
        return await self._connection.fetch(sql, *values)

    async def row(self, sql: LiteralString, *values: object) -> Row | None:
        """Return the first row of a query, or None."""
        return await self._connection.fetchrow(sql, *values)

    async def value(self, sql: LiteralString, *values: object) -> Any:
        """Return the first column of the first row, or None."""
        return await self._connection.fetchval(sql, *values)

    async def execute(self, sql: LiteralString, *values: object) -> int:
        """Carry out a statement and return how many rows it touched."""
        tag = await self._connection.execute(sql, *values)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, sql: LiteralString, rows: Sequence[Sequence[object]]) -> None:
        """Carry out a statement once per row of values."""
        await self._connection.executemany(sql, rows)

    def within(self, tenant_id: TenantId) -> "Transaction":
        """Return the same transaction as one of a tenant's, for a worker that serves many: only the SQL fences it."""
        return Transaction(self._connection, tenant_id)


class Transaction(Queries):
    """Statements of one tenant: row-level security hides every other tenant's rows."""

    def __init__(self, connection: Connection, tenant_id: TenantId) -> None:
        super().__init__(connection)
        self.tenant_id = tenant_id


class _Shown(NamedTuple):
    """Whose rows the single statements of a session see, and whether they may write."""

    tenant_id: TenantId | None
    readonly: bool


_NOBODYS: Final = _Shown(None, readonly=False)


class Line(asyncpg.Connection):
    """A connection that knows what its session shows."""

    _shown: _Shown | None = _NOBODYS

    async def show(self, wanted: _Shown) -> None:
        """Let the next single statements see this; costs a round trip if others saw something else before."""
        if self._shown != wanted:
            self._shown = None  # whoever breaks off here leaves it unknown
            tenant_id = "" if wanted.tenant_id is None else UUID(int=wanted.tenant_id.int)
            await self.execute(
                f"SET keyholder.tenant_id = '{tenant_id}'; SET default_transaction_read_only = {wanted.readonly}"
            )
            self._shown = wanted


class Database:
    """A pool of connections that opens by itself when first used and survives a restart of the server."""

    def __init__(self, pool: asyncpg.Pool, connect: "Callable[[], Awaitable[asyncpg.Connection[Row]]]") -> None:
        self._pool = pool
        self._connect = connect

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId, *, readonly: bool = False) -> AsyncGenerator[Transaction]:
        """Open a transaction that sees and writes rows of this tenant only. Raises Unavailable.

        One that only reads sees the database as it was at its first query, however many follow.
        """
        mode = "ISOLATION LEVEL REPEATABLE READ READ ONLY" if readonly else "READ WRITE"
        async with self._begin(
            f"BEGIN {mode}; SET LOCAL keyholder.tenant_id = '{UUID(int=tenant_id.int)}'"
        ) as connection:
            yield Transaction(connection, tenant_id)

    @asynccontextmanager
    async def single_read(self, tenant_id: TenantId) -> AsyncGenerator[Transaction]:
        """Yield what can read rows of this tenant once, in one round trip instead of three (ADR-0021).

        A second statement may see another database than the first: for several, take a transaction. Raises Unavailable.
        """
        async with self._lent(_Shown(tenant_id, readonly=True)) as connection:
            yield Transaction(connection, tenant_id)

    @asynccontextmanager
    async def single_write(self, tenant_id: TenantId) -> AsyncGenerator[Transaction]:
        """Yield what can carry out one statement on rows of this tenant, a transaction by itself. Raises Unavailable.

        One that waits for a lock is carried out even if its sender dies meanwhile; where that matters, take a
        transaction.
        """
        async with self._lent(_Shown(tenant_id, readonly=False)) as connection:
            yield Transaction(connection, tenant_id)

    @asynccontextmanager
    async def at_once(self) -> AsyncGenerator[Queries]:
        """Yield what `single_write` yields, without a tenant: tables without tenants, or all rows of the worker."""
        async with self._lent(_NOBODYS) as connection:
            yield Queries(connection)

    @asynccontextmanager
    async def across_tenants(self) -> AsyncGenerator[Queries]:
        """Open a transaction without a tenant: tables without tenants, or, for the worker role, all rows.

        Raises Unavailable.
        """
        async with self._begin("BEGIN READ WRITE; SET LOCAL keyholder.tenant_id = ''") as connection:
            yield Queries(connection)

    @asynccontextmanager
    async def listening(self, channel: str, hear: Callable[[str | None], None]) -> AsyncGenerator[Callable[[], bool]]:
        """Call `hear` with what each notification of a channel says, and with None once the line is lost.

        Yields what says whether it is: nobody else would tell who listens only now and then. The line is none of
        the pool's: who listens takes nothing from those who ask. Raises Unavailable.
        """

        def lost(_connection: object) -> None:
            hear(None)

        def told(_connection: object, _pid: int, _channel: str, payload: object) -> None:
            hear(str(payload))

        with _refusals():
            connection = await self._connect()
            try:
                connection.add_termination_listener(lost)
                await connection.add_listener(channel, told)
                yield connection.is_closed
            finally:
                connection.terminate()  # to take leave of a line that is dead would take its time

    @asynccontextmanager
    async def _begin(self, opening: str) -> AsyncGenerator[Connection]:
        """Open a transaction in one round trip, its tenant included."""
        async with self._lent() as connection:
            try:
                await connection.execute(opening)
                yield connection
                await connection.execute("COMMIT")
            except TimeoutError:
                raise
            except BaseException:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise

    @asynccontextmanager
    async def _lent(self, shown: _Shown | None = None) -> AsyncGenerator[Connection]:
        """Lend a connection, for single statements one that shows what they ask for."""
        with _refusals():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT_SECONDS) as connection:
                try:
                    if shown is not None:
                        await cast("Line", connection).show(shown)
                    yield connection
                except TimeoutError:  # not even the server's own timeout came back: this line is dead, others may be
                    connection.terminate()
                    await self._pool.expire_connections()
                    raise


@contextmanager
def _refusals() -> Generator[None]:
    """Say `Unavailable` for a server that is away, starting or full, `TooSlow` for one that gave up on a statement."""
    try:
        yield
    except _TOO_SLOW as error:
        raise TooSlow from error
    except _AWAY as error:
        raise Unavailable from error
    except asyncpg.InterfaceError as error:
        if "closed" not in str(error):  # it also stands for values of a wrong type
            raise
        raise Unavailable from error  # the connection broke just before the operation


@asynccontextmanager
async def open_database(url: str, *, connections: int, name: str) -> AsyncGenerator[Database]:
    """Open a pool that connects when first used, so that a service starts while its database is away.

    Every use of a connection says whose rows it is about, therefore connections go back without the costly RESET
    ALL; a transaction whose end was cancelled is ended here.
    """

    async def connect(*_: object, **how: Any) -> "asyncpg.Connection[Row]":
        return await asyncpg.connect(
            url,
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=2 * STATEMENT_TIMEOUT_MS / 1000,
            max_cacheable_statement_size=65_536,  # lists take 15 KiB; longer ones are prepared each time
            server_settings={
                "application_name": name,
                "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                "lock_timeout": "3000",
                "idle_in_transaction_session_timeout": "15000",
                "jit": "off",
                # Each statement is written for one plan; to look for another each time costs more than the plan.
                "plan_cache_mode": "force_generic_plan",
                "timezone": "UTC",
            },
            **how,
        )

    async def end_transaction(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        if connection.is_in_transaction():
            await connection.execute("ROLLBACK")

    pool = asyncpg.create_pool(
        min_size=0, max_size=connections, connect=connect, connection_class=Line, reset=end_transaction
    )
    async with pool:
        try:
            yield Database(pool, connect)
        finally:
            pool.terminate()
