"""Who is asking for what is being done: read from the call that is being answered, or nobody in a job.

Ambient, as the trace is, so that no operation can forget it and none has to hand it down.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from services.chassis import clock, web
from services.chassis.reasons import reason_of
from services.chassis.web import Access
from services.contracts.vocabulary import UserId
from services.identity.domain.audit import AuthorKind, Authorship

_machine: ContextVar[UUID | None] = ContextVar("machine", default=None)


@contextmanager
def by_machine(token_id: UUID) -> Generator[None]:
    """Let the machine whose token this is be the author of what is done meanwhile."""
    mark = _machine.set(token_id)
    try:
        yield
    finally:
        _machine.reset(mark)


def present(proved: UserId | None = None) -> Authorship:
    """Return who makes the change. `proved` is who proved himself by a link or password.

    Only who is known may give a reason. Raises Invalid for one that cannot be kept.
    """
    call = web.present.get(None)
    if call is None:
        return Authorship(AuthorKind.SYSTEM, None, None, clock.now())
    caller, machine_id = call.identified, _machine.get()
    actor_id = caller.user_id if caller else proved
    author = AuthorKind.MACHINE if machine_id else _author(actor_id, call.access)
    return Authorship(
        author=author,
        actor_id=machine_id or actor_id,
        session_id=caller.session_id if caller else None,
        at=call.now,
        address=str(call.address),
        request_id=call.request_id,
        reason=None if author is AuthorKind.SYSTEM else reason_of(call.headers),
    )


def _author(actor_id: UserId | None, access: Access) -> AuthorKind:
    if actor_id is not None:
        return AuthorKind.PERSON
    return AuthorKind.OPERATOR if access is Access.OPERATOR else AuthorKind.SYSTEM
