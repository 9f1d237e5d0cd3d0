"""The project's `.venv`, made and kept up to date from the lock files. Standard library only."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy import machine, packages

STAMP = "keyholder-stamp"


class BootstrapError(Exception):
    """The project cannot be prepared; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Pip:
    """How pip is called for the venv: the command, and what it needs in its environment."""

    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict[str, str])


def prepare(clone: Path) -> Path:
    """Return the Python of an up-to-date `.venv`; the second call costs a hash of the lock files."""
    python = clone / ".venv/bin/python"
    try:
        with _one_at_a_time(clone):
            if not is_current(clone):
                _install(clone, python)
    except PermissionError as refusal:
        raise BootstrapError(
            f"{clone} cannot be written to ({refusal.filename}), and .venv and .keyholder belong there:"
            " clone Keyholder to a folder of your own."
        ) from refusal
    except packages.PackageError as failure:
        raise BootstrapError(str(failure)) from failure
    return python


def is_current(clone: Path) -> bool:
    """Say whether `.venv` was made from these lock files, by this version of Python, in this place."""
    try:
        return (clone / ".venv" / STAMP).read_text() == _fingerprint(clone)
    except OSError:
        return False


def _install(clone: Path, python: Path) -> None:
    started = time.monotonic()
    print("Preparing .venv from the lock files (once; a minute or two) …", flush=True)
    base = Path(getattr(sys, "_base_executable", sys.executable))
    if not _made_here(clone):
        _make_venv(clone / ".venv", base)
    pip = _pip(clone, python, base)
    command = [*pip.command, "install", "-qq", "--disable-pip-version-check", "--no-input", "--require-hashes"]
    command += ["--only-binary", ":all:"]
    for lock in _locks(clone):
        command += ["-r", str(lock)]
    done = subprocess.run(
        command, env={**os.environ, **pip.environment}, stdin=subprocess.DEVNULL, check=False, cwd=clone
    )
    if done.returncode:
        raise BootstrapError(
            f"pip could not install the locked packages (exit {done.returncode}); its words are above."
        )
    (clone / ".venv" / STAMP).write_text(_fingerprint(clone))
    print(f"Prepared .venv in {time.monotonic() - started:.0f} s", flush=True)


def _made_here(clone: Path) -> bool:
    try:
        stamp = (clone / ".venv" / STAMP).read_text()
    except OSError:
        return False
    return stamp.splitlines()[0] == _origin(clone)


def _make_venv(folder: Path, base: Path) -> None:
    if folder.is_symlink():
        folder.unlink()  # what it leads to is somebody else's
    elif folder.exists():
        shutil.rmtree(folder)
    if not machine.has_ensurepip() and machine.is_root() and machine.has_apt():
        print(f"Installing Debian's {machine.venv_package()} …", flush=True)
        packages.install(machine.venv_package())
    options = [] if machine.has_ensurepip() else ["--without-pip"]
    done = subprocess.run([base, "-m", "venv", *options, str(folder)], stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise BootstrapError(f"{base} -m venv failed (exit {done.returncode}); its words are above.")


def _pip(clone: Path, python: Path, base: Path) -> Pip:
    if _has_pip(python):
        return Pip((str(python), "-m", "pip"))
    if _has_pip(base):
        return Pip((str(base), "-m", "pip", "--python", str(python)))
    return _unpacked_pip(clone, python)


def _has_pip(python: Path) -> bool:
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def _unpacked_pip(clone: Path, python: Path) -> Pip:
    print("Unpacking Debian's python3-pip-whl into .keyholder/packages …", flush=True)
    try:
        root = packages.unpack(clone / ".keyholder/packages/pip", "python3-pip-whl")
        wheel = next(root.glob("usr/share/python-wheels/pip-*.whl"))
    except (packages.PackageError, StopIteration):
        raise packages.PackageError(packages.advice(machine.venv_package())) from None
    environment = {"PYTHONPATH": str(wheel)}
    bundle = packages.certificates(root)
    if bundle and "PIP_CERT" not in os.environ:
        environment["PIP_CERT"] = str(bundle)
    return Pip((str(python), "-m", "pip"), environment)


def _locks(clone: Path) -> list[Path]:
    locks = [clone / "requirements.lock"]
    if machine.installed_postgres() is None or machine.installed_nginx() is None:
        locks.append(clone / "requirements-servers.lock")
    return locks


def _fingerprint(clone: Path) -> str:
    known = hashlib.sha256()
    for lock in _locks(clone):
        known.update(lock.read_bytes())
    return f"{_origin(clone)}\n{known.hexdigest()}\n"


def _origin(clone: Path) -> str:
    return f"Python {'.'.join(map(str, sys.version_info[:3]))} for {clone}"


@contextmanager
def _one_at_a_time(clone: Path) -> Generator[None]:
    # `up` and `test` may be started together on a fresh clone.
    folder = clone / ".keyholder"
    folder.mkdir(exist_ok=True)
    with (folder / "bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
