"""Migrations can run while the code before them still serves."""

import re
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "services").glob("*/migrations/*.sql"))
NOT_BEFORE_THE_CODE = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|SCHEMA|TYPE)\b|\bRENAME\b|(?<!OR )\bTRUNCATE\b", re.IGNORECASE
)
ADDED_COLUMN = re.compile(r"\bADD\s+COLUMN\b([^,;]*)", re.IGNORECASE)

each_file = pytest.mark.parametrize("path", FILES, ids=[f"{path.parts[-3]}/{path.name}" for path in FILES])


def dangers(sql: str) -> list[str]:
    """Return what in a `pre` migration would break the running code."""
    code = re.sub(r"--[^\n]*", "", sql)
    found = [match.group(0) for match in NOT_BEFORE_THE_CODE.finditer(code)]
    for match in ADDED_COLUMN.finditer(code):
        column = match.group(1).upper()
        if "NOT NULL" in column and "DEFAULT" not in column and "GENERATED" not in column:
            found.append(match.group(0).strip())
    return found


@each_file
def test_a_pre_migration_takes_nothing_away(path: Path) -> None:
    if "_pre_" in path.name:
        assert dangers(path.read_text("utf-8")) == []


@each_file
def test_a_migration_begins_by_saying_what_it_is_for(path: Path) -> None:
    assert path.read_text("utf-8").startswith("-- ")


def test_numbers_have_no_gaps() -> None:
    for folder in {path.parent for path in FILES}:
        numbers = sorted(int(path.name[:4]) for path in folder.glob("*.sql"))
        assert numbers == [*range(1, len(numbers) + 1)], folder


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a DROP COLUMN b;",
        "alter table a rename to b;",
        "DROP TABLE a;",
        "TRUNCATE a;",
        "ALTER TABLE a ADD COLUMN b text NOT NULL;",
    ],
)
def test_a_planted_danger_is_noticed(sql: str) -> None:
    assert dangers(sql)
    assert not dangers("ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT '';")
