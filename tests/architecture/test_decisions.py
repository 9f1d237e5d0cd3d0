"""Decisions are recorded in one form, and what is cited exists (ADR-0001)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "decisions"
RECORDS: Final = sorted(FOLDER.glob("[0-9]*.md"))
CITED_IN: Final = {".md", ".py", ".sql", ".toml"}

each_record = pytest.mark.parametrize("record", RECORDS, ids=[path.stem for path in RECORDS])


def sections(path: Path) -> list[str]:
    return re.findall(r"^## (.+)$", path.read_text("utf-8"), re.MULTILINE)


def citing_files() -> Iterator[Path]:
    for folder in ("services", "deploy", "tests", "docs"):
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in CITED_IN)


@each_record
def test_file_name_and_title_carry_the_same_number(record: Path) -> None:
    assert re.fullmatch(r"\d{4}-[a-z0-9]+(-[a-z0-9]+)*", record.stem)
    assert record.read_text("utf-8").startswith(f"# {record.stem[:4]}: ")


def test_no_number_is_used_twice() -> None:
    numbers = [path.stem[:4] for path in RECORDS]

    assert len(set(numbers)) == len(numbers)


@each_record
def test_a_record_has_the_sections_of_the_template(record: Path) -> None:
    assert sections(record) == sections(FOLDER / "TEMPLATE.md")


@each_record
def test_a_record_decides_in_one_quotable_sentence(record: Path) -> None:
    quoted = re.findall(r"^> (.+)$", record.read_text("utf-8"), re.MULTILINE)

    assert len(quoted) == 1
    assert quoted[0].endswith(".")


def test_every_cited_decision_exists() -> None:
    numbers = {path.stem[:4] for path in RECORDS}
    cited = {
        (path.relative_to(ROOT).as_posix(), number)
        for path in citing_files()
        for number in re.findall(r"\bADR-(\d{4})\b", path.read_text("utf-8"))
    }

    assert {(path, number) for path, number in cited if number not in numbers} == set()
