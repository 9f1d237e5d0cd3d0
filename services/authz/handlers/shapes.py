"""The grants of one holder as boxes, as levels and as categories: three ways to see and write the same rights.

A path names the holder by kind (`group`, `template`, `user`) and id. What a shape has no word for is `individual`:
it is shown, and kept by whatever is written.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.authz.deps import Deps
from services.authz.domain.boxes import boxes
from services.authz.domain.catalogue import Catalogue
from services.authz.domain.categories import categories, toggled
from services.authz.domain.grant import Grant, Named
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.levels import extended, levels, named_in_section, offered
from services.authz.domain.reach import Reach
from services.authz.domain.shapes import INDIVIDUAL, Dimension
from services.authz.handlers.catalogue import catalogue_of
from services.authz.handlers.grants import Reasoned, author_of, tell_version
from services.authz.handlers.permits import require_sight_of_rights
from services.authz.operations.holders import HolderTarget, Rewriting, rewrite_grants
from services.authz.store import grants, holders, offices, template_links
from services.chassis.database import Transaction
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId

_Word = Annotated[str, Field(max_length=100)]
_Table = Mapping[str, Mapping[str, Dimension]]


class BoxesWanted(Reasoned):
    sections: Annotated[Mapping[_Word, Mapping[_Word, _Word]], Field(max_length=100)]
    """By section and dimension; what is not named stays."""


class BoxesShown(Output):
    sections: Mapping[str, Mapping[str, str]]
    version: int


class ExtendedWanted(Input):
    category: _Word
    reach: Literal[Reach.USER, Reach.TEAM]
    reach_id: UUID
    read: bool
    write: bool


class LevelsWanted(Reasoned):
    categories: Annotated[Mapping[_Word, Mapping[_Word, _Word | None]], Field(max_length=100, default_factory=dict)]
    """By category and right; null resets a value to the inherited one (ON-13), what is not named stays."""
    extended: Annotated[list[ExtendedWanted], Field(max_length=1_000, default_factory=list)]
    """What the pop-ups shall say of these people and teams; the others stay."""


class LevelShown(Output):
    """`changed` is the star: the holder says something himself. Rights only add to what is inherited."""

    value: str
    inherited: str
    changed: bool


class ExtendedShown(Output):
    category: str
    reach: Reach
    reach_id: UUID
    read: str
    write: str


class LevelsShown(Output):
    offered: list[str]
    """The levels to choose from in this agency; others are shown where they were granted."""
    categories: Mapping[str, Mapping[str, LevelShown]]
    extended: list[ExtendedShown]
    version: int


class CategoriesWanted(Reasoned):
    categories: Annotated[Mapping[_Word, bool], Field(max_length=100, default_factory=dict)]
    """All or nothing of a category."""
    permissions: Annotated[Mapping[int, bool], Field(max_length=200, default_factory=dict)]
    """By IMO's number; said after the categories."""


class CategoryShown(Output):
    name: str
    on: list[int]
    off: list[int]
    held: int
    of: int


class CategoriesShown(Output):
    items: list[CategoryShown]
    individual: int
    """How many grants no category shows."""
    version: int


async def get_boxes(deps: Deps, call: Call) -> BoxesShown:
    """Show a holder's grants as a box per section. Needs admin.permissions.manage or admin.agents.manage."""
    await require_sight_of_rights(deps, call)
    return await _boxes_shown(deps, call)


async def change_boxes(deps: Deps, call: Call, asked: BoxesWanted) -> BoxesShown:
    """Write some dimensions of some boxes."""
    changes = _changes(boxes(await catalogue_of(deps, call)), asked.sections, "sections")
    await _rewrite(deps, call, asked, lambda held: _written(held, changes))
    return await _boxes_shown(deps, call)


async def get_levels(deps: Deps, call: Call) -> LevelsShown:
    """Show a holder's grants as a level per right. Needs admin.permissions.manage or admin.agents.manage."""
    await require_sight_of_rights(deps, call)
    return await _levels_shown(deps, call)


async def change_levels(deps: Deps, call: Call, asked: LevelsWanted) -> LevelsShown:
    """Write some levels and extended rights, or reset them to what is inherited."""
    known = await catalogue_of(deps, call)
    table = levels(known)
    said = {c: {r: value or "none" for r, value in rights.items()} for c, rights in asked.categories.items()}
    changes = _changes(table, said, "categories")
    for at, each in enumerate(asked.extended):
        found = extended(known, each.category, Named(each.reach, each.reach_id))
        if not found:
            raise Invalid(errors=[FieldError(f"/extended/{at}/category", "unknown_category", "It has no pop-up.")])
        wanted = {"read": each.read, "write": each.write}
        changes += [(dimension, "yes" if wanted[right] else "no") for right, dimension in found.items()]
    await _rewrite(deps, call, asked, lambda held: _written(held, changes))
    return await _levels_shown(deps, call)


async def get_categories(deps: Deps, call: Call) -> CategoriesShown:
    """Show a holder's grants as IMO's categories; those of branches only when there is more than one office (IMO-B8).

    Needs admin.permissions.manage or admin.agents.manage.
    """
    await require_sight_of_rights(deps, call)
    return await _categories_shown(deps, call)


async def change_categories(deps: Deps, call: Call, asked: CategoriesWanted) -> CategoriesShown:
    """Switch permissions on and off, one by one or all of a category."""
    found = {category.name: category.grants for category in categories(deps.catalogue)}
    by_number = {number: grant for grants in found.values() for number, grant in grants.items()}
    unknown = [f"/categories/{name}" for name in asked.categories if name not in found]
    unknown += [f"/permissions/{number}" for number in asked.permissions if number not in by_number]
    if unknown:
        raise Invalid(errors=[FieldError(pointer, "unknown", "There is no such thing.") for pointer in unknown])
    said = {number: on for name, on in asked.categories.items() for number in found[name]} | dict(asked.permissions)
    on = [by_number[number] for number, wanted in said.items() if wanted]
    off = [by_number[number] for number, wanted in said.items() if not wanted]
    await _rewrite(deps, call, asked, lambda held: toggled(held, on, off))
    return await _categories_shown(deps, call)


def _holder(call: Call) -> Holder:
    """Return the holder that the path names. Raises NotFound for a kind that there is not."""
    try:
        return Holder(HolderKind(call.path["holder_kind"]), call.id_in_path("holder_id"))
    except ValueError:
        raise NotFound from None


async def _boxes_shown(deps: Deps, call: Call) -> BoxesShown:
    version, held, _ = await _read(deps, call)
    return BoxesShown(
        sections={
            section: {name: each.read(held) for name, each in box.items()}
            for section, box in boxes(await catalogue_of(deps, call)).items()
        },
        version=version,
    )


async def _levels_shown(deps: Deps, call: Call) -> LevelsShown:
    version, held, inherited = await _read(deps, call)
    known = await catalogue_of(deps, call)
    table = levels(known)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        there_are = offered(offices=await offices.count(tx), regions=await offices.count_regions(tx))
    return LevelsShown(
        offered=there_are,
        categories={
            category: {right: _level(each, held, inherited) for right, each in rights.items()}
            for category, rights in table.items()
        },
        extended=[
            _extended(known, category, named, held) for category in table for named in named_in_section(held, category)
        ],
        version=version,
    )


async def _categories_shown(deps: Deps, call: Call) -> CategoriesShown:
    version, held, _ = await _read(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        with_branches = await offices.count(tx) > 1
    found, lasting = categories(deps.catalogue), frozenset(held)
    shown = [category for category in found if with_branches or not category.of_branches]
    sayable = frozenset(grant for category in shown for grant in category.grants.values())
    return CategoriesShown(
        items=[
            CategoryShown(
                name=category.name,
                on=[number for number, grant in category.grants.items() if grant in lasting],
                off=[number for number, grant in category.grants.items() if grant not in lasting],
                held=sum(grant in lasting for grant in category.grants.values()),
                of=len(category.grants),
            )
            for category in shown
        ],
        individual=len(lasting - sayable),
        version=version,
    )


async def _read(deps: Deps, call: Call) -> tuple[int, Sequence[Grant], Sequence[Grant]]:
    """Return a holder's version and grants, and what a person inherits from his template.

    Whoever changed them is shown what he made, even where that took away his sight of rights.
    """
    holder = _holder(call)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        return await holders.version_of(tx, holder), await grants.of(tx, holder), await _inherited(tx, holder)


async def _inherited(tx: Transaction, holder: Holder) -> Sequence[Grant]:
    linked = await template_links.template_of(tx, UserId(holder.id)) if holder.kind is HolderKind.USER else None
    return await grants.of(tx, Holder(HolderKind.TEMPLATE, linked)) if linked else ()


async def _rewrite(deps: Deps, call: Call, asked: Reasoned, rewriting: Rewriting) -> None:
    target = HolderTarget(_holder(call), call.version)
    done = await rewrite_grants(deps.db, deps.catalogue, author_of(call, asked), target, rewriting)
    tell_version(deps, call, done)


def _changes(table: _Table, said: Mapping[str, Mapping[str, str]], member: str) -> list[tuple[Dimension, str]]:
    """Return what is to be written. Raises Invalid for what the shape does not have."""
    changes, errors = list[tuple[Dimension, str]](), list[FieldError]()
    for section, values in said.items():
        for name, value in values.items():
            found = table.get(section, {}).get(name)
            if found is None:
                errors.append(FieldError(f"/{member}/{section}/{name}", "unknown", "There is no such thing."))
            elif value not in found.values and value != INDIVIDUAL:
                detail = f"It can be {', '.join(found.values)}."
                errors.append(FieldError(f"/{member}/{section}/{name}", "value_not_offered", detail))
            else:
                changes.append((found, value))
    if errors:
        raise Invalid(errors=errors)
    return changes


def _written(held: Sequence[Grant], changes: Sequence[tuple[Dimension, str]]) -> Sequence[Grant]:
    for dimension, value in changes:
        held = dimension.write(held, value)
    return held


def _level(dimension: Dimension, held: Sequence[Grant], inherited: Sequence[Grant]) -> LevelShown:
    own, given = dimension.read(held), dimension.read(inherited)
    changed = any(dimension.covers(grant) for grant in held)
    return LevelShown(value=own if changed else given, inherited=given, changed=changed)


def _extended(known: Catalogue, category: str, named: Named, held: Sequence[Grant]) -> ExtendedShown:
    said = {right: each.read(held) for right, each in extended(known, category, named).items()}
    return ExtendedShown(
        category=category,
        reach=named.reach,
        reach_id=named.id,
        read=said.get("read", INDIVIDUAL),
        write=said.get("write", INDIVIDUAL),
    )


_HOLDER = "/v1/holders/{holder_kind}/{holder_id}"

ROUTES = (
    Route("GET", f"{_HOLDER}/boxes", get_boxes, gives=BoxesShown),
    Route("PATCH", f"{_HOLDER}/boxes", change_boxes, takes=BoxesWanted, gives=BoxesShown, edits=True),
    Route("GET", f"{_HOLDER}/levels", get_levels, gives=LevelsShown),
    Route("PATCH", f"{_HOLDER}/levels", change_levels, takes=LevelsWanted, gives=LevelsShown, edits=True),
    Route("GET", f"{_HOLDER}/categories", get_categories, gives=CategoriesShown),
    Route(
        "PATCH", f"{_HOLDER}/categories", change_categories, takes=CategoriesWanted, gives=CategoriesShown, edits=True
    ),
)
