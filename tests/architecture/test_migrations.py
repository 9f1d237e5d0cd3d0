"""Migrations can run while the code before them still serves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "services").glob("*/migrations/*.sql"))
UNREAD = re.compile(r"--[^\n]*|\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'", re.DOTALL)
"""Comments, bodies of functions and texts: no statements of the migration."""
TAKEN_AWAY = re.compile(
    r"^(DROP\s+(TABLE|SCHEMA|TYPE|DOMAIN|(MATERIALIZED\s+)?VIEW|SEQUENCE|FUNCTION|PROCEDURE|OWNED|EXTENSION)\b|TRUNCATE\b"
    r"|ALTER\s.*\bRENAME\b)",
    re.IGNORECASE | re.DOTALL,
)
ALTERED_TABLE = re.compile(
    r"^ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?\S+\s+(?P<actions>.*)$", re.IGNORECASE | re.DOTALL
)
COMMA = re.compile(r",(?![^(]*\))")
NARROWED = (
    re.compile(r"^DROP\s+(?!CONSTRAINT\b)", re.IGNORECASE),
    re.compile(r"^ALTER\s.*\s(SET\s+NOT\s+NULL|DROP\s+DEFAULT|(SET\s+DATA\s+)?TYPE\s)", re.IGNORECASE | re.DOTALL),
    re.compile(
        r"^ADD\s+(?!CONSTRAINT\b|CHECK\b|UNIQUE\b|PRIMARY\b|FOREIGN\b|EXCLUDE\b)"
        r"(?=.*\b(NOT\s+NULL|PRIMARY\s+KEY)\b)(?!.*\b(DEFAULT|GENERATED)\b)",
        re.IGNORECASE | re.DOTALL,
    ),
)

each_file = pytest.mark.parametrize("path", FILES, ids=[f"{path.parts[-3]}/{path.name}" for path in FILES])


def dangers(sql: str) -> Iterator[str]:
    """Yield what in a `pre` migration would break the running code."""
    for statement in map(str.strip, UNREAD.sub(" ", sql).split(";")):
        if TAKEN_AWAY.search(statement):
            yield statement
        altered = ALTERED_TABLE.match(statement)
        for action in map(str.strip, COMMA.split(altered["actions"]) if altered else ()):
            if any(narrowed.search(action) for narrowed in NARROWED):
                yield action


@each_file
def test_a_pre_migration_takes_nothing_away(path: Path) -> None:
    if "_pre_" in path.name:
        assert [*dangers(path.read_text("utf-8"))] == []


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
        "ALTER TABLE a DROP b;",
        "ALTER TABLE a ADD COLUMN c text, DROP IF EXISTS b;",
        "alter table a rename to b;",
        "ALTER TABLE a RENAME COLUMN b TO c;",
        "ALTER VIEW a RENAME TO b;",
        "DROP TABLE a;",
        "DROP VIEW a;",
        "DROP MATERIALIZED VIEW a;",
        "DROP FUNCTION a;",
        "TRUNCATE a;",
        "ALTER TABLE a ADD COLUMN b text NOT NULL;",
        "ALTER TABLE a ADD b text NOT NULL;",
        "ALTER TABLE a ADD COLUMN IF NOT EXISTS b numeric(3, 2) CHECK (b IN (1, 2)) NOT NULL;",
        "ALTER TABLE a ADD COLUMN b text NOT NULL, -- DEFAULT ''\n ADD COLUMN c text DEFAULT 'x';",
        "ALTER TABLE a ALTER COLUMN b SET NOT NULL;",
        "ALTER TABLE a ALTER b SET NOT NULL;",
        "ALTER TABLE a ALTER COLUMN b DROP DEFAULT;",
        "ALTER TABLE a ALTER b TYPE bigint;",
        "ALTER TABLE a ALTER COLUMN b SET DATA TYPE bigint USING b::bigint;",
    ],
)
def test_a_planted_danger_is_noticed(sql: str) -> None:
    assert [*dangers(sql)]


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT '';",
        "ALTER TABLE a ADD COLUMN b bigint GENERATED ALWAYS AS IDENTITY NOT NULL;",
        "ALTER TABLE a ADD COLUMN b numeric(3, 2), ADD CONSTRAINT c CHECK (b IS NOT NULL OR d);",
        "ALTER TABLE a ALTER COLUMN b DROP NOT NULL, DROP CONSTRAINT c, ALTER COLUMN b SET DEFAULT 1;",
        "CREATE TRIGGER t BEFORE UPDATE OR TRUNCATE ON a EXECUTE FUNCTION f(); -- DROP TABLE a;",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ TRUNCATE a; DROP VIEW b; $$;",
        "COMMENT ON TABLE a IS 'ALTER TABLE a; DROP TABLE a';",
        "DROP INDEX a; DROP TRIGGER t ON a;",
    ],
)
def test_what_the_running_code_can_live_with_is_let_through(sql: str) -> None:
    assert [*dangers(sql)] == []
