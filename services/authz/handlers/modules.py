"""Sections that an agency's modules bring.

Whoever registers one needs admin.permissions.manage and admin.settings.update.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from services.authz.deps import Deps
from services.authz.domain.catalogue import Permission
from services.authz.domain.reach import Reach
from services.authz.domain.switch import switch_of
from services.authz.handlers.catalogue import PermissionsShown, catalogue_of, permission_shown
from services.authz.handlers.grants import tell_version
from services.authz.operations import modules as operations
from services.authz.operations.rights_changes import Author
from services.chassis.web import Call, Input, Route
from services.contracts.vocabulary import RecordClass

_Language = Literal["en", "it", "pl", "de", "fr"]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_Texts = Annotated[Mapping[_Language, _Text], Field(min_length=1)]


class PermissionWanted(Input):
    action: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z_]+(\.[a-z_]+)*$")]
    record_class: RecordClass
    reaches: Annotated[list[Reach], Field(min_length=1, max_length=len(Reach))]
    name: _Texts
    description: _Texts

    @field_validator("reaches")
    @classmethod
    def _begins_with_all(cls, reaches: list[Reach]) -> list[Reach]:
        if reaches != [reach for reach in Reach if reach in reaches] or reaches[0] is not Reach.ALL:
            raise ValueError("reaches must begin with all and stand once each, in the order of the catalogue")
        return reaches

    @field_validator("name", "description")
    @classmethod
    def _in_english(cls, texts: Mapping[str, str]) -> Mapping[str, str]:
        if "en" not in texts:
            raise ValueError("English must be given")
        return texts

    def permission(self, section: str) -> Permission:
        """Return the permission that is wanted in a section."""
        key = f"{section}.{self.action}"
        return Permission(
            key=key,
            section=section,
            record_class=self.record_class,
            reaches=tuple(self.reaches),
            switch=switch_of(key),
            offered={},
            name=dict[str, str](self.name.items()),
            description=dict[str, str](self.description.items()),
            module=section,
        )


class ModuleWanted(Input):
    section: Annotated[str, StringConstraints(max_length=30, pattern=r"^[a-z_]+$")]
    permissions: Annotated[list[PermissionWanted], Field(min_length=1, max_length=100)]


async def register_module(deps: Deps, call: Call, asked: ModuleWanted) -> PermissionsShown:
    """Register a section with its permissions, or reword them; they are granted like all others from then on."""
    wanted = {each.action: each.permission(asked.section) for each in asked.permissions}
    done = await operations.register_module(deps.db, deps.catalogue, Author(call.caller, call.now), wanted.values())
    tell_version(deps, call, done)
    known = await catalogue_of(deps, call)
    return PermissionsShown(items=[permission_shown(each) for each in known.values() if each.section == asked.section])


ROUTES = (Route("POST", "/v1/modules", register_module, takes=ModuleWanted, gives=PermissionsShown, status=201),)
