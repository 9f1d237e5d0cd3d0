"""SCIM 2.0 messages (RFC 7644): read as Entra ID and Okta send them, written as the standard says."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import UnionType
from typing import Any, Final, TypeGuard, TypeVar
from uuid import UUID

from pydantic import JsonValue, ValidationError
from pydantic.alias_generators import to_camel
from scim2_models import (
    Context,
    Error,
    PatchOp,
    Resource,
    ResponseParameters,
    SCIMException,
    ScimPolicy,
    SearchRequest,
)
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

from services.chassis.problems import Malformed
from services.identity.store.directory import Narrowing

POLICY: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""Attributes that are not kept are ignored; members are removed by value; a path filter may describe a new entry."""
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_WORDS: Final[Mapping[str, str]] = {
    "invalidFilter": "The filter is not formed as SCIM demands, or asks for what is not kept",
    "invalidPath": "The path is not formed as SCIM demands, or names what is not kept",
    "invalidSyntax": "The message is not formed as SCIM demands",
    "invalidValue": "A value is missing, or is not of the form that is kept",
    "mutability": "An attribute may not be changed or removed like this",
    "noTarget": "The path is missing, or matches nothing that is there",
}
_NAMING: Final = ("field", "attribute", "path", "filter")
"""Where an exception of the library holds what it is about."""
MOST_SHOWN: Final = 200
SHOWN: Final = 100
AnyResource = TypeVar("AnyResource", bound=Resource[Any])
Document = Mapping[str, JsonValue]


class ScimRefused(Malformed):
    """The message breaks a rule of SCIM; `scim_type` says which (RFC 7644, table 9)."""

    code = "scim_refused"
    title = "The SCIM message is not valid."

    def __init__(self, detail: str, scim_type: str | None) -> None:
        super().__init__(detail)
        self.scim_type = scim_type


@contextmanager
def reading() -> Generator[None]:
    """Read leniently, and refuse what cannot be read with its scimType. Raises ScimRefused."""
    try:
        with POLICY:
            yield
    except SCIMException as error:
        wrong = error.__cause__ if isinstance(error.__cause__, ValidationError) else None
        named = _place(wrong) if wrong else _named(error)
        raise _refused(error.scim_type or None, named) from None
    except ValidationError as wrong:
        scim_type = Error.from_validation_errors(wrong)[0].scim_type or "invalidValue"
        raise _refused(scim_type, _place(wrong)) from None


def _refused(scim_type: str | None, named: str) -> ScimRefused:
    """Return the refusal in our own words: what libraries say of themselves is nobody's business, and may change."""
    words = _WORDS.get(scim_type or "", "The message breaks a rule of SCIM")
    return ScimRefused(f"{words}: {named}" if named else f"{words}.", scim_type)


def _place(wrong: ValidationError) -> str:
    """Return which attribute is the first wrong one, by SCIM's names; empty for the whole message."""
    first = wrong.errors(include_url=False, include_input=False)[0]
    named = str(first.get("ctx", {}).get("field_name", ""))
    return named or ".".join(to_camel(part) for part in first["loc"] if isinstance(part, str))


def _named(error: SCIMException) -> str:
    """Return what the sender named that is wrong, as far as it is known."""
    return next((str(found) for name in _NAMING if (found := getattr(error, name, None))), "")


def read(model: type[AnyResource], document: Document) -> AnyResource:
    """Return a whole resource; what the sender may not write is left out. Raises ScimRefused."""
    if str(model.__schema__) not in _schemas(document):
        raise ScimRefused(f"schemas must name {model.__schema__}.", "invalidSyntax")
    with reading():
        return model.model_validate(dict(document), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)


def patched(resource: AnyResource, document: Document) -> AnyResource:
    """Return a resource after the operations of a PATCH, all of them or none. Raises ScimRefused."""
    model: Any = type(resource)
    changed = resource.model_copy(deep=True)
    with reading():
        patch = PatchOp[model].model_validate(dict(document), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
        patch.patch(changed)
    return changed


def search(model: type[Resource[Any]] | UnionType, query: Document) -> SearchRequest[Any]:
    """Return what a query asks for. Raises ScimRefused, with invalidFilter for a filter that cannot be evaluated."""
    bound: Any = model
    with reading():
        return SearchRequest[bound].model_validate(dict(query))


def narrowing(request: SearchRequest[Any], name: str) -> Narrowing:
    """Return how far an index can narrow a search: by the equalities that every match must fulfil.

    `name` is the attribute that is the resource's name, in lower case.
    """
    found = dict[str, str]()
    for node in _conditions(request.filter.ast) if request.filter is not None else ():
        if _is_plain_equality(node):
            found[node.attr_path.attr.lower()] = node.value
    return Narrowing(_identifier(found.get("id")), found.get(name), found.get("externalid"))


def page(request: SearchRequest[Any], resources: Sequence[Resource[Any]]) -> dict[str, JsonValue]:
    """Return the list answer: those that match, in order, of which a page is shown."""
    wanted = request.filter
    with reading():
        matching = resources if wanted is None else [one for one in resources if wanted.match(one)]
        begin = request.start_index_0 or 0
        count = min(SHOWN if request.count is None else request.count, MOST_SHOWN)
        shown = request.sort(matching)[begin : begin + count]
        return {
            "schemas": [LIST],
            "totalResults": len(matching),
            "startIndex": begin + 1,
            "itemsPerPage": len(shown),
            "Resources": [written(one, request) for one in shown],
        }


def written(resource: Resource[Any], asked: ResponseParameters[Any] | None = None) -> dict[str, JsonValue]:
    """Return a resource as JSON, with the attributes that were asked for."""
    return resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked)


def refused_message(status: int, detail: str, scim_type: str | None = None) -> dict[str, JsonValue]:
    """Return an error message (RFC 7644, section 3.12)."""
    kind: dict[str, JsonValue] = {"scimType": scim_type} if scim_type else {}
    return {"schemas": [ERROR], "status": str(status), **kind, "detail": detail}


def _conditions(node: FilterNode) -> Sequence[FilterNode]:
    """Return what must all be true for a filter to match."""
    if isinstance(node, LogicalExpr) and node.op is LogicalOperator.and_:
        return node.terms
    return (node,)


def _is_plain_equality(node: FilterNode) -> TypeGuard[Comparison]:
    """Say whether a condition compares an attribute with a text in which case is a matter of A to Z."""
    return (
        isinstance(node, Comparison)
        and node.op is CompareOperator.eq
        and node.attr_path.sub_attr is None
        and isinstance(node.value, str)
        and node.value.isascii()
        and node.value.isprintable()
    )


def _identifier(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _schemas(document: Document) -> Sequence[JsonValue]:
    found = document.get("schemas")
    return found if isinstance(found, list) else ()
