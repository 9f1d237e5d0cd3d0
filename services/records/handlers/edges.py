"""A section as the handlers of all sections take it, and how such a handler becomes the section's own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.chassis.answers import Answer, Composed
from services.chassis.web import Call
from services.contracts.access import AccessSnapshot
from services.records.deps import Deps
from services.records.domain.projection import project
from services.records.domain.record import Record
from services.records.handlers.record_models import RecordShown, RecordsPage, document_of
from services.records.operations.records import Act
from services.records.store.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A section at the edge: its table, what one of its records is called, and the models of what it shows."""

    table: Table[Record]
    noun: str
    shown: type[RecordShown]
    page: type[RecordsPage]

    @property
    def section(self) -> str:
        """Return the name of the section."""
        return self.table.section.name

    @property
    def every(self) -> str:
        """Return the path of the section's records."""
        return f"/v1/{self.section}"

    @property
    def one(self) -> str:
        """Return the path of one record."""
        return f"{self.every}/{{{self.noun}_id}}"

    def id_in(self, call: Call) -> UUID:
        """Return which record the path names. Raises NotFound."""
        return call.id_in_path(f"{self.noun}_id")

    def opened(self, record: Record, snapshot: AccessSnapshot) -> Composed | None:
        """Return the document of a record as the caller may open it, or None."""
        projection = project(record, snapshot)
        return None if projection is None else Composed(document_of(projection))

    def handler(self, of_any: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
        """Return a handler of records as this section's: `get_record` becomes `get_listing`, and says so."""
        words = {"noun": self.noun, "a_noun": f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"}
        bound: Any = partial(of_any, self)
        name: str = getattr(of_any, "__name__", "")
        bound.__name__ = name.replace("records", self.section).replace("record", self.noun)
        bound.__doc__ = (of_any.__doc__ or "").format(section=self.section, **words)
        return bound


async def act(edge: Edge, deps: Deps, call: Call, version: int | None = None) -> Act:
    """Return that the caller does something with the record in the path, at a version or as it is."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    return Act(snapshot, edge.id_in(call), call.now, version)
