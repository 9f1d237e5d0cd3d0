"""Which requirement is proved by which test: reads the catalogue and the markers, writes docs/catalogue.md.

Run as `python -m tests.support.traceability write|check` from the root of the repository.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tomllib import loads
from typing import Final

from pydantic import BaseModel, TypeAdapter

from tests.support.markers import Scan, scan

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ("miogest", "onoffice", "imo", "amisgest", "subaccounts")
PREAMBLE: Final = """\
Made by `python -m tests.support.traceability write` from `docs/catalogue/`, the permission catalogue and the
`catalogue` markers of the tests; a change by hand is lost. A test in the last column says that it proves the
sentence beside it, and no more than that: "there is a permission" does not yet mean that it is enforced."""
NOT_YET: Final = "not yet"
FOR_WHICH: Final = {
    "all": "for the whole agency",
    "branch": "for the agent's branch",
    "own": "for one's own records",
    "others": "for other agents' calendars",
}


class Requirement(BaseModel):
    """One thing that a source asks for."""

    id: str
    text: str


class Source(BaseModel):
    """A manual and what it asks for."""

    title: str
    about: str
    requirement: list[Requirement]


class Permission(BaseModel):
    """What the permission catalogue says that matters here."""

    key: str
    scoped: bool
    offered: dict[str, int]
    source: list[str]
    name: dict[str, str]


@dataclass(frozen=True, slots=True)
class Trace:
    """The requirements, and the tests that name them."""

    sources: Sequence[Source]
    permissions: Sequence[Permission]
    found: Scan

    @property
    def ids(self) -> list[str]:
        """Return the ids of all requirements, in the order of the document."""
        return [each.id for source in self.sources for each in source.requirement]

    def proofs(self) -> Mapping[str, Sequence[str]]:
        """Return the tests that name an id, sorted, for every id that a test names."""
        tests: defaultdict[str, set[str]] = defaultdict(set)
        for marked in self.found.marked:
            for each in marked.ids:
                tests[each].add(marked.test)
        return {each: sorted(names) for each, names in tests.items()}

    def faults(self) -> list[str]:
        """Return what is wrong with ids and markers, one sentence each."""
        known = Counter(self.ids)
        return [
            *(f"{each} stands twice in the catalogue." for each, count in known.items() if count > 1),
            *(f"{where} names {each}, which nobody asks for." for where, each in self._named() if each not in known),
            *self.found.faults,
        ]

    def _named(self) -> Iterator[tuple[str, str]]:
        for marked in self.found.marked:
            yield from ((marked.test, each) for each in marked.ids)
        for permission in self.permissions:
            yield from ((permission.key, each) for each in permission.source)


def read(root: Path) -> Trace:
    """Read catalogue, permissions and tests of a repository."""
    folder = root / "docs" / "catalogue"
    listed = root / "services" / "authz" / "catalogue" / "permissions.json"
    permissions = TypeAdapter(list[Permission]).validate_json(listed.read_bytes())
    sources = {name: Source.model_validate(loads((folder / f"{name}.toml").read_text("utf-8"))) for name in SOURCES}
    sources["imo"].requirement[:0] = offers(permissions)
    return Trace([sources[name] for name in SOURCES], permissions, scan(root / "tests"))


def offers(permissions: Iterable[Permission]) -> list[Requirement]:
    """Return IMO's numbered permissions as requirements, in the order of their numbers."""
    numbered = {
        number: Requirement(id=f"IMO-{number}", text=offer(each, scope))
        for each in permissions
        for scope, number in each.offered.items()
    }
    return [numbered[number] for number in sorted(numbered)]


def offer(permission: Permission, scope: str) -> str:
    """Put one permission at one scope into a sentence."""
    which = f" {FOR_WHICH[scope]}" if permission.scoped else ""
    return f"There is a permission “{permission.name['en']}”{which}: `{permission.key}`."


def render(trace: Trace) -> str:
    """Return the document: a summary, then every requirement with its proofs."""
    proofs = trace.proofs()
    blocks = [
        "# What is asked for, and what proves it",
        PREAMBLE,
        summary(trace.sources, proofs),
        *(chapter(source, proofs) for source in trace.sources),
        "\n".join(f"[{each}]: {link(each)}" for each in sorted({each.test for each in trace.found.marked})),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def summary(sources: Sequence[Source], proofs: Mapping[str, Sequence[str]]) -> str:
    """Return how many requirements of each source are proved."""
    rows = ["| Source | Requirements | Proved | Not yet |", "|--|--:|--:|--:|"]
    total = proved = 0
    for source in sources:
        asked = len(source.requirement)
        shown = sum(each.id in proofs for each in source.requirement)
        rows.append(f"| {source.title} | {asked} | {shown} | {asked - shown} |")
        total, proved = total + asked, proved + shown
    return "\n".join([*rows, f"| **All** | **{total}** | **{proved}** | **{total - proved}** |"])


def chapter(source: Source, proofs: Mapping[str, Sequence[str]]) -> str:
    """Return the requirements of one source as a table."""
    rows = [f"## {source.title}", "", source.about, "", "| Id | Requirement | Proved by |", "|--|--|--|"]
    for each in source.requirement:
        tests = "<br>".join(f"[{name}]" for name in proofs.get(each.id, ())) or NOT_YET
        rows.append(f"| {each.id} | {cell(each.text)} | {tests} |")
    return "\n".join(rows)


def cell(text: str) -> str:
    """Return a text that cannot end a cell of a table."""
    return text.replace("|", "\\|")


def link(test: str) -> str:
    """Return the address of a test's file, as seen from docs/."""
    return f"../tests/{test.partition('::')[0]}"


def main(arguments: Sequence[str]) -> int:
    """Write the document, or check that it is up to date; return the exit status."""
    if arguments not in (["write"], ["check"]):
        sys.stderr.write("usage: python -m tests.support.traceability write|check\n")
        return 2
    trace = read(ROOT)
    if faults := trace.faults():
        sys.stderr.write("\n".join(faults) + "\n")
        return 1
    document, text = ROOT / "docs" / "catalogue.md", render(trace)
    if arguments == ["write"]:
        document.write_text(text, "utf-8")
    elif not document.exists() or document.read_text("utf-8") != text:
        sys.stderr.write("docs/catalogue.md is out of date; run `python -m tests.support.traceability write`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
