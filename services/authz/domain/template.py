"""A template: a named set of grants that is held by whoever is linked to it, for as long as he is (ON-34, MG-27)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.problems import Conflict


class TemplateNameTaken(Conflict):
    code = "template_name_taken"
    title = "Another template has this name."


@dataclass(frozen=True, slots=True)
class Template:
    """A template; `version` rises with name and grants."""

    id: UUID
    name: str
    version: int
    created_at: datetime
