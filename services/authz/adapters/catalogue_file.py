"""The permission catalogue as a file, read once and checked (ADR-0005)."""

from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from services.authz.domain.catalogue import Catalogue, Permission
from services.authz.domain.reach import Reach
from services.authz.domain.switch import Switch, switch_of
from services.contracts.vocabulary import RecordClass

FILE: Final = Path(__file__).parents[1] / "catalogue" / "permissions.json"


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")

    key: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)+$")
    section: str
    record_class: Annotated[RecordClass, Field(alias="class")]
    reaches: tuple[Reach, ...] = Field(min_length=1)
    switch: Switch | None
    offered: dict[str, int]
    name: dict[str, str]
    description: dict[str, str]
    module: str | None = None

    @model_validator(mode="after")
    def _named_after_its_section(self) -> "_Row":
        if not self.key.startswith(f"{self.section}."):
            raise ValueError(f"{self.key} is not a key of {self.section}")
        if self.switch is not switch_of(self.key):
            raise ValueError(f"{self.key} is not cut by {self.switch}")
        return self

    def permission(self) -> Permission:
        return Permission(
            key=self.key,
            section=self.section,
            record_class=self.record_class,
            reaches=self.reaches,
            switch=self.switch,
            offered=self.offered,
            name=self.name,
            description=self.description,
            module=self.module,
        )


@cache
def permission_catalogue() -> Catalogue:
    """Return the catalogue that this release knows. Raises ValueError for a file that breaks the rules."""
    rows = TypeAdapter(list[_Row]).validate_json(FILE.read_bytes())
    catalogue = {row.key: row.permission() for row in rows}
    if len(catalogue) != len(rows):
        raise ValueError("a permission stands twice in the catalogue")
    return catalogue
