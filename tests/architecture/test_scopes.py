"""No scope, no row: a store function that hands out a tenant's rows takes a scope, or says why it needs none."""

import ast
from collections.abc import Iterator
from pathlib import Path

STORES = sorted((Path(__file__).parents[2] / "services").glob("*/store/*.py"))
PROOFS = {"Scope", "AccessSnapshot"}
REASON = "No scope:"
BARE = {
    "None",
    "int",
    "bool",
    "datetime",
    "UUID",
    "frozenset",
    "tuple",
    "set",
    "Sequence",
    "Mapping",
    "TenantId",
    "UserId",
    "OfficeId",
    "SessionId",
    "ListingId",
}
"""Return types that give away no record: counts, answers, identifiers. Text may be a name or an address."""


def names(annotation: ast.expr | None) -> set[str]:
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)} if annotation else set()


def unexplained(source: str) -> Iterator[str]:
    """Yield the functions that return rows without a scope and without a reason."""
    for node in ast.parse(source).body:
        if not isinstance(node, ast.AsyncFunctionDef) or not names(node.returns) - BARE:
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        annotations = [names(argument.annotation) for argument in arguments]
        reads_a_tenant = any("Transaction" in found for found in annotations)
        proved = any(found & PROOFS for found in annotations) or REASON in (ast.get_docstring(node) or "")
        if reads_a_tenant and not proved:
            yield node.name


def test_every_store_function_that_returns_rows_takes_a_scope_or_says_why_not() -> None:
    found = {path.parts[-3] + "/" + path.name: [*unexplained(path.read_text("utf-8"))] for path in STORES}
    assert {path: functions for path, functions in found.items() if functions} == {}


def test_a_planted_function_without_a_scope_is_noticed() -> None:
    planted = '''
async def every(tx: Transaction) -> Sequence[Listing]:
    """Return all listings."""

async def page(tx: Transaction, scope: Scope) -> Sequence[Listing]:
    """Return what the scope shows."""

async def known(tx: Transaction) -> Sequence[Office]:
    """Return offices. No scope: everybody may know them."""

async def named(tx: Transaction) -> Mapping[UserId, str]:
    """Return everybody's name."""

async def count(tx: Transaction) -> int:
    """Return how many."""
'''
    assert [*unexplained(planted)] == ["every", "named"]
