"""The requirements, the tests that prove them and the document that says so must agree."""

from pathlib import Path
from typing import Final

import pytest

from tests.support.markers import Marked, Scan, scan
from tests.support.traceability import ROOT, Requirement, Source, Trace, read, render

MODULE: Final = """
import pytest
pytestmark = [pytest.mark.slow, pytest.mark.catalogue("MG-1")]

@pytest.mark.catalogue("MG-2..4", "IMO-B7")
async def test_alone(): ...

@pytest.mark.catalogue("ON-5")
class TestTogether:
    pytestmark = pytest.mark.catalogue("ON-6")
    @pytest.mark.catalogue("ON-5")
    def test_within(self): ...
    def helper(self): ...
"""


def planted(folder: Path, text: str) -> Scan:
    (folder / "unit").mkdir()
    (folder / "unit" / "test_planted.py").write_text(text)
    return scan(folder)


def trace(found: Scan, *ids: str) -> Trace:
    asked = [Requirement(id=each, text=f"Asks for {each}.") for each in ids]
    return Trace([Source(title="Manual", about="Says what is asked.", requirement=asked)], [], found)


def test_every_marker_and_every_permission_names_known_ids_that_stand_once() -> None:
    assert read(ROOT).faults() == []


def test_the_document_is_what_would_be_generated() -> None:
    assert (ROOT / "docs" / "catalogue.md").read_text("utf-8") == render(read(ROOT))


def test_the_catalogue_holds_every_id_of_the_five_sources() -> None:
    counts = {"MG-": 67, "ON-": 123, "IMO-": 182, "IMO-B": 20, "AM-": 19, "SB-": 25}

    assert sorted(read(ROOT).ids) == sorted(
        f"{prefix}{number}" for prefix, count in counts.items() for number in range(1, count + 1)
    )


def test_markers_count_on_functions_classes_and_modules(tmp_path: Path) -> None:
    found = planted(tmp_path, MODULE)

    assert found.faults == []
    assert found.marked == [
        Marked("unit/test_planted.py::test_alone", ("MG-1", "MG-2", "MG-3", "MG-4", "IMO-B7")),
        Marked("unit/test_planted.py::TestTogether::test_within", ("MG-1", "ON-5", "ON-6")),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'import pytest\n@pytest.mark.catalogue("MG-1")\ndef helper(): ...',
        'import pytest\npytestmark = pytest.mark.catalogue("MG-1")',
        'import pytest\n@pytest.mark.catalogue("MG-1")\nclass TestNone: ...',
        'import pytest\nCASES = [pytest.param(1, marks=pytest.mark.catalogue("MG-1"))]',
        "import pytest\n@pytest.mark.catalogue(IDS)\ndef test_it(): ...",
        "import pytest\n@pytest.mark.catalogue()\ndef test_it(): ...",
        'import pytest\n@pytest.mark.catalogue("MG-one")\ndef test_it(): ...',
        'import pytest\n@pytest.mark.catalogue("MG-4..2")\ndef test_it(): ...',
    ],
    ids=["no test", "empty module", "empty class", "parameter", "not a literal", "no id", "no number", "backwards"],
)
def test_a_marker_that_proves_nothing_is_a_fault(tmp_path: Path, text: str) -> None:
    assert len(planted(tmp_path, text).faults) == 1


def test_an_unknown_id_is_a_fault() -> None:
    found = Scan([Marked("test_a.py::test_it", ("MG-1", "MG-2"))], [])

    assert trace(found, "MG-1").faults() == ["test_a.py::test_it names MG-2, which nobody asks for."]


def test_an_id_that_stands_twice_is_a_fault() -> None:
    assert trace(Scan([], []), "MG-1", "MG-1").faults() == ["MG-1 stands twice in the catalogue."]


def test_the_document_counts_and_links_what_is_proved() -> None:
    found = Scan([Marked("unit/test_a.py::test_it", ("MG-2",))], [])
    text = render(trace(found, "MG-1", "MG-2", "MG-3"))

    assert "| Manual | 3 | 1 | 2 |" in text
    assert "| MG-1 | Asks for MG-1. | not yet |" in text
    assert "| MG-2 | Asks for MG-2. | [unit/test_a.py::test_it] |" in text
    assert "[unit/test_a.py::test_it]: ../tests/unit/test_a.py" in text
