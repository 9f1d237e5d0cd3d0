"""Agencies' own wordings: a small part of Jinja2, checked before it is kept and sandboxed when it is filled in.

Only what cannot run long or grow large is allowed: words, `{{ name }}`, a few filters, `{% if %}`, and one loop over
the list that a digest or a report has. So the size of a letter is bounded by the size of its wording and of its words.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST: Final = 20_000
DEEPEST: Final = 40
"""How many conditions, loops and filters may lie in each other."""
LISTS: Final = frozenset({"appointments", "accounts"})
FILTERS: Final = frozenset({"upper", "lower", "title", "capitalize", "trim", "e", "escape"})
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.CondExpr, nodes.Compare,
    nodes.Operand, nodes.Const, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Getattr, nodes.For,
)  # fmt: skip
_plain: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_escaping: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True)


class NotAllowed(Exception):
    """A wording uses what it may not; the text says what, for the person who wrote it."""


def check(source: str, names: frozenset[str]) -> None:
    """Refuse a wording that could fail, run long or grow large; `names` are the words there are. Raises NotAllowed."""
    if len(source) > LONGEST:
        raise NotAllowed(f"A wording has at most {LONGEST} characters.")
    for escape in (False, True):
        _checked(source, escape=escape)
    tree = _plain.parse(source)
    loops = [node for node in _walk(tree) if isinstance(node, nodes.For)]
    for loop in loops:
        _check_loop(loop)
    own = {node.name for loop in loops for node in (loop.target,) if isinstance(node, nodes.Name)}
    used = {node.name for node in _walk(tree) if isinstance(node, nodes.Name)}
    if unknown := used - own - names:
        raise NotAllowed(f"There is no word {min(unknown)!r} in this mail.")


def mentions(source: str, name: str) -> bool:
    """Say whether a wording that was checked uses a word."""
    return any(isinstance(node, nodes.Name) and node.name == name for node in _walk(_plain.parse(source)))


def filled(source: str, words: object, url: str, *, escape: bool = False) -> str:
    """Return a wording with its words filled in. Raises NotAllowed, also for one that fits these words no longer."""
    try:
        return _checked(source, escape=escape).render(words, url=url)
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise NotAllowed(f"This cannot be filled in: {error}") from None


@lru_cache(maxsize=256)
def _checked(source: str, *, escape: bool) -> Template:
    """Return a wording ready to be filled in many times: to read one costs far more than to fill it in.

    Raises NotAllowed, also for one that Jinja2 reads and Python does not: it becomes code, which has limits of its own.
    """
    try:
        for node in _walk(_plain.parse(source)):
            _check(node)
        return (_escaping if escape else _plain).from_string(source)
    except (TemplateError, SyntaxError, RecursionError, MemoryError) as error:
        raise NotAllowed(f"This cannot be read: {error}") from None


def _walk(node: nodes.Node, depth: int = 0) -> Iterator[nodes.Node]:
    if depth > DEEPEST:
        raise NotAllowed("This is nested too deeply.")
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child, depth + 1)


def _check(node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED):
        raise NotAllowed(f"{type(node).__name__} may not be used in a wording.")
    if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.args or node.kwargs):
        raise NotAllowed(f"The filter {node.name} may not be used in a wording.")
    if isinstance(node, nodes.Getattr) and (node.attr.startswith("_") or not isinstance(node.node, nodes.Name)):
        raise NotAllowed(f"The attribute {node.attr} may not be used in a wording.")


def _check_loop(loop: nodes.For) -> None:
    over = loop.iter.name if isinstance(loop.iter, nodes.Name) else ""
    nested = any(isinstance(node, nodes.For) for part in (*loop.body, *loop.else_) for node in _walk(part))
    if (
        over not in LISTS
        or loop.test is not None
        or loop.recursive
        or nested
        or not isinstance(loop.target, nodes.Name)
    ):
        raise NotAllowed("A wording may only loop over the list of its mail, and not in a loop.")
