"""Each row of the matrix of faults names tests that there are, and each fault that is tested stands in the matrix."""

import ast
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
MATRIX: Final = (ROOT / "docs/faults.md").read_text("utf-8")


def names_in(folder: str) -> set[str]:
    """Return the names of the tests in a folder."""
    return {
        node.name
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_row_has_its_number_and_a_test_that_exists() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\| (.+) \|$", MATRIX, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 20))
    named = set(re.findall(r"`(test_\w+)`", MATRIX))
    assert named - names_in("faults") - names_in("integration") == set()
    assert all("`test_" in shown or shown.startswith("as ") for _, shown in rows)


def test_every_tested_fault_stands_in_the_matrix() -> None:
    assert names_in("faults") - set(re.findall(r"`(test_\w+)`", MATRIX)) == set()
