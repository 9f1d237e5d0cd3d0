"""Grants as they are written and shown, whoever holds them, and what every change of rights may be given and tells."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.authz.deps import Deps
from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.authz.operations.rights_changes import Author
from services.chassis.reasons import reason_of
from services.chassis.web import Call, Input, Output
from services.contracts.instants import Instant
from services.contracts.vocabulary import View

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\r\n]*$")]


class Reasoned(Input):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] | None = None
    """Why; kept with the change. The Change-Reason header may say it instead, as in every service."""


class GrantWanted(Input):
    key: Annotated[str, Field(max_length=100)]
    reach: Reach
    reach_id: UUID | None = None
    view: View = View.FULL
    expires_at: Instant | None = None

    def grant(self) -> Grant:
        """Return the grant that is wanted."""
        return Grant(self.key, self.reach, self.reach_id, self.view, self.expires_at)


class GrantsWanted(Reasoned):
    grants: Annotated[list[GrantWanted], Field(max_length=2_000)]


class GrantShown(Output):
    key: str
    reach: Reach
    reach_id: UUID | None
    view: View
    expires_at: datetime | None

    @classmethod
    def of(cls, grant: Grant) -> "GrantShown":
        """Return how a grant is shown."""
        return cls(
            key=grant.key, reach=grant.reach, reach_id=grant.reach_id, view=grant.view, expires_at=grant.expires_at
        )


def author_of(call: Call, asked: Reasoned) -> Author:
    """Return who asks for a change, when, and why: by the input, or else by the Change-Reason header."""
    return Author(call.caller, call.now, asked.reason or reason_of(call.headers))


def tell_version(deps: Deps, call: Call, rights_version: int) -> None:
    """Say as of which version everybody sees a change that was made; here everybody does from now on."""
    call.reply_headers["Access-Version"] = str(rights_version)
    deps.access.tell(call.caller.tenant_id, rights_version)
