"""When people are busy."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

Taken = tuple[UUID, datetime, datetime]


def merged(spans: Iterable[Taken]) -> Iterator[Taken]:
    """Yield times in order, person by person, those that overlap or touch as one."""
    last: Taken | None = None
    for who, start, end in sorted(spans):
        if last is not None and last[0] == who and start <= last[2]:
            last = (who, last[1], max(last[2], end))
            continue
        if last is not None:
            yield last
        last = (who, start, end)
    if last is not None:
        yield last
