"""A permission group (IMO-B1, IMO-B5), and what it takes to turn one set of grants into another."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.authz.domain.administrator import MANAGE_EMPLOYEE_GROUPS
from services.authz.domain.grant import Grant
from services.chassis.problems import Conflict
from services.contracts.vocabulary import UserId


class GroupNameTaken(Conflict):
    code = "group_name_taken"
    title = "Another permission group has this name."


class EmployeeGroupAdministers(Conflict):
    code = "employee_group_administers"
    title = "An employee group must not hold administrative permissions."


@dataclass(frozen=True, slots=True)
class PermissionGroup:
    """A group; whoever is in it holds what was granted to it. `version` rises with members and grants too."""

    id: UUID
    name: str
    is_employee_group: bool
    version: int
    created_at: datetime
    code: str | None = None
    """Which of the groups that an agency starts with it is, whatever it is called; None: made by the agency."""
    description: str = ""
    """What it gives access to, in the agency's words (AM-14)."""


@dataclass(frozen=True, slots=True)
class Member:
    user_id: UserId
    expires_at: datetime | None


def check_employee_group(grants: Iterable[Grant]) -> None:
    """Refuse administration by an employee group, for whoever manages its members may be no administrator.

    To manage members of employee groups is the one exception. Raises EmployeeGroupAdministers, naming the keys.
    """
    keys = {grant.key for grant in grants if grant.key.startswith("admin.")} - {MANAGE_EMPLOYEE_GROUPS}
    if keys:
        raise EmployeeGroupAdministers(f"An employee group must not hold {', '.join(sorted(keys))}.")
