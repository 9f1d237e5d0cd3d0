"""W3C trace context: one trace through HTTP, outbox and broker."""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_current: ContextVar[str] = ContextVar("traceparent", default="")


def enter(incoming: str | None) -> str:
    """Continue the trace of an incoming `traceparent`, or begin one; return the trace id."""
    match = _TRACEPARENT.match(incoming or "")
    made = secrets.token_hex(24)
    trace_id = match.group(1) if match and int(match.group(1), 16) else made[:32]
    _current.set(f"00-{trace_id}-{made[32:]}-01")
    return trace_id


def traceparent() -> str:
    """Return the `traceparent` to hand on; a new trace begins where none was entered."""
    if not _current.get():
        enter(None)
    return _current.get()
