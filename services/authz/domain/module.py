"""Modules: sections with permissions of their own that an agency registers (billing, working time, ...)."""

from collections.abc import Iterable, Mapping

from services.authz.domain.catalogue import Catalogue, Permission
from services.chassis.problems import Conflict


class SectionTaken(Conflict):
    code = "section_taken"
    title = "This section is part of the product and takes no further permissions."


class PermissionDiffers(Conflict):
    code = "permission_differs"
    title = "This permission is registered already with another class or other reaches."


def check_module(wanted: Iterable[Permission], product: Catalogue, registered: Mapping[str, Permission]) -> None:
    """Refuse a section of the product, and a permission that would mean something else than its grants do.

    Raises SectionTaken, PermissionDiffers.
    """
    sections = _sections(product)
    for permission in wanted:
        if permission.section in sections:
            raise SectionTaken
        known = registered.get(permission.key, permission)
        if (known.record_class, known.reaches) != (permission.record_class, permission.reaches):
            raise PermissionDiffers(f"{permission.key} is registered with {known.record_class}, {known.reaches}.")


def with_modules(product: Catalogue, registered: Iterable[Permission]) -> Catalogue:
    """Return the product's permissions and then the registered ones.

    A section that a release brought after a module had registered it is the product's, so that no key means two things.
    """
    sections = _sections(product)
    return {**product, **{each.key: each for each in registered if each.section not in sections}}


def _sections(product: Catalogue) -> frozenset[str]:
    return frozenset(permission.section for permission in product.values())
