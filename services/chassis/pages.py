"""Pages of lists: which one is asked for, and which one follows."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from pydantic import Field

from services.chassis.cursor import START, Cursor, CursorParam
from services.chassis.web import Input

Row = TypeVar("Row")


class PageQuery(Input):
    """Where a page of a list begins, and how long it is at most."""

    cursor: CursorParam = Field(default_factory=lambda: START)
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    def cut(self, found: Sequence[Row], place: Callable[[Row], Cursor]) -> tuple[Sequence[Row], str | None]:
        """Return the page of what was found, and its `next`. One more was read to know whether there is a next page."""
        page = found[: self.limit]
        return page, str(place(page[-1])) if len(found) > self.limit else None
