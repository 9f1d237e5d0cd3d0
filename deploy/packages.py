"""Debian packages that `up` and `test` need and the machine lacks: installed as root, unpacked otherwise.

Standard library only. Unpacked packages lie in `.keyholder/packages` and touch nothing of the machine.
"""

import os
import shutil
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy import machine

POLICY = Path("/usr/sbin/policy-rc.d")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


class PackageError(Exception):
    """A package could neither be installed nor unpacked; the text names the command that would."""


def install(*names: str) -> None:
    """Install packages as root without letting their servers start, now or with the machine."""
    if not machine.has_apt():
        raise PackageError(advice(*names))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wanted = ["apt-get", "install", "-y", "--no-install-recommends", *names]
    with _no_server_starts():
        if not _run(wanted, environment):
            _run(["apt-get", "update"], environment)
            if not _run(wanted, environment, show=True):
                raise PackageError(advice(*names))


def unpack(folder: Path, *names: str) -> Path:
    """Return a folder below `folder` into which the packages and what they lack are unpacked, as any user."""
    root = folder / "root"
    if not machine.has_apt():
        raise PackageError(advice(*names))
    for part in ("lists/partial", "cache/archives/partial", "archives"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache"]
    if not _run(["apt-get", *options, "update"], os.environ, show=True):
        raise PackageError(advice(*names))
    wanted = _missing(options, names)
    if not wanted or not _run(["apt-get", *options, "download", *wanted], os.environ, folder / "archives", show=True):
        raise PackageError(advice(*names))
    for archive in sorted((folder / "archives").glob("*.deb")):
        if not _run(["dpkg", "-x", str(archive), str(root)], os.environ, show=True):
            raise PackageError(advice(*names))
    shutil.rmtree(folder / "archives")
    _repair_erlang(root)
    return root


CONTAINERS = """\
  docker run --detach --publish 127.0.0.1:5432:5432 --env POSTGRES_PASSWORD=SECRET postgres:17
  docker run --detach --publish 127.0.0.1:5672:5672 rabbitmq:4
  export KEYHOLDER_DATABASE_URL=postgresql://postgres:SECRET@127.0.0.1:5432/postgres
  export KEYHOLDER_AMQP_URL=amqp://guest:guest@127.0.0.1:5672/"""


def advice(*names: str) -> str:
    """Return what to type where nothing can be installed from here."""
    line = f"apt-get install --no-install-recommends {' '.join(names)}"
    prefix = "" if machine.is_root() else "sudo "
    if machine.has_apt():
        return f"{', '.join(names)} is missing. Install it: {prefix}{line}"
    return (
        f"{', '.join(names)} is missing and this is no Debian or Ubuntu. Install it with the system's package tool"
        f" (on Debian: {line}), or run servers of your own and say where they are, for example:\n{CONTAINERS}"
    )


def certificates(root: Path) -> Path | None:
    """Return a bundle of authorities made of the unpacked package, None where the machine has its own."""
    folder = root / "usr/share/ca-certificates/mozilla"
    if CERTIFICATES.exists() or not folder.is_dir():
        return None
    bundle = root / "ca-certificates.crt"
    bundle.write_bytes(b"".join(one.read_bytes() for one in sorted(folder.glob("*.crt"))))
    return bundle


def _missing(options: Sequence[str], names: Sequence[str]) -> list[str]:
    command = ["apt-get", *options, "install", "--simulate", "--no-install-recommends", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("Inst ")]


def _repair_erlang(root: Path) -> None:
    # Debian's `erl` has its place written into it and ignores ERL_ROOTDIR.
    for script in (root / "usr/lib/erlang").glob("**/bin/erl"):
        if not script.is_symlink():
            text = script.read_text()
            script.write_text(text.replace("ROOTDIR=/usr/lib/erlang", f"ROOTDIR={root}/usr/lib/erlang"))


@contextmanager
def _no_server_starts() -> Generator[None]:
    # Debian starts a server as it installs it, on all addresses; this file is Debian's own way to say no.
    ours = not POLICY.exists()
    before = _units()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)
        fresh = sorted(_units() - before)
        if fresh and shutil.which("systemctl"):
            _run(["systemctl", "disable", *fresh], os.environ)


def _units() -> set[str]:
    return {unit.name for unit in Path("/etc/systemd/system/multi-user.target.wants").glob("*.service")}


def _run(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    *,
    show: bool = False,
) -> bool:
    done = subprocess.run(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode and show:
        print(done.stdout)
    return done.returncode == 0
