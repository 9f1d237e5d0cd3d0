"""Who is an administrator, and that there must always be one (IMO-B3, IMO-B4)."""

from typing import Final

from services.chassis.problems import Conflict
from services.contracts.access import AccessSnapshot

MANAGE_AGENTS: Final = "admin.agents.manage"
MANAGE_PERMISSIONS: Final = "admin.permissions.manage"
MANAGE_EMPLOYEE_GROUPS: Final = "admin.permissions.manage_employee_groups"
"""Puts people into employee groups and takes them out, and does nothing else to rights (IMO-B20)."""

ADMINISTRATOR_KEYS: Final = (MANAGE_AGENTS, MANAGE_PERMISSIONS)
"""Held at `all`, for ever, by an active person: these make an administrator; nobody is one by birth."""


class LastAdministrator(Conflict):
    code = "last_administrator"
    title = "The agency would be left without an administrator."


def is_administrator(snapshot: AccessSnapshot) -> bool:
    """Say whether the snapshot is an administrator's."""
    return all(snapshot.scope(key).unlimited for key in ADMINISTRATOR_KEYS)
