"""The import contracts hold, and each of them would notice a violation."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "services do not import each other": ("services/identity/domain/user.py", "import services.records.domain"),
    "imports go down: edge, operation, adapter, store, domain": (
        "services/identity/store/users.py",
        "import services.identity.operations.users",
    ),
    "the domain is pure: no I/O, no logger, of the chassis only problems": (
        "services/authz/domain/__init__.py",
        "import services.chassis.clock",
    ),
    "contracts import nothing of ours": ("services/contracts/envelope.py", "import services.chassis.clock"),
    "the chassis knows no service": ("services/chassis/clock.py", "import services.records.domain"),
    "only the chassis speaks asyncpg and aio-pika; only the edge speaks aiohttp": (
        "services/records/store/__init__.py",
        "import asyncpg",
    ),
    "aio-pika is known to chassis.bus alone": ("services/chassis/outbox.py", "import aio_pika"),
    "deploy uses the services' command line and HTTP only": ("deploy/__init__.py", "import services.contracts"),
}


def verdicts(folder: Path) -> dict[str, str]:
    """Return each contract's verdict, KEPT or BROKEN, for the code in a folder."""
    told = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
    )
    found = re.findall(r"^(.+) (KEPT|BROKEN)\b", told.stdout, re.MULTILINE)
    assert found, told.stdout + told.stderr
    return dict(found)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, to plant violations in."""
    folder = tmp_path_factory.mktemp("code")
    for name in ("services", "deploy"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_is_kept_and_has_a_planted_violation(copy: Path) -> None:
    assert verdicts(copy) == dict.fromkeys(PLANTED, "KEPT")


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_breaks_its_contract(copy: Path, contract: str) -> None:
    path, line = PLANTED[contract]
    file = copy / path
    before = file.read_text("utf-8")
    file.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        assert verdicts(copy)[contract] == "BROKEN"
    finally:
        file.write_text(before, "utf-8")
