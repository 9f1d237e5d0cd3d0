"""Child processes that cannot outlive this one, waited for by file descriptor."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.local.accounts import Account

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LOG_BYTES = 10_000_000

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Program:
    """What is to be run: its environment is complete, nothing is inherited."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    log: Path | None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM  # what the kernel sends when the launcher is killed


class Child:
    """One running process with a session of its own."""

    def __init__(self, program: Program) -> None:
        """Start it; must be called on the thread that lives as long as the child may."""
        self.program = program
        self._process = _spawn(program)
        self._exited = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._descriptor = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._descriptor, self._on_exit)

    @property
    def pid(self) -> int:
        """Return the process id, which is also that of its session and group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal, None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Return the exit code once the process has ended, whoever still holds its pipes."""
        await self._exited.wait()
        return self._process.returncode

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, not to its group."""
        if not self._exited.is_set():
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the whole group at once."""
        if not self._exited.is_set():
            _kill_group(self._process.pid)

    async def stop(self, grace_seconds: float) -> None:
        """Ask it to stop and kill what is left of its group after the grace."""
        self.send(self.program.stop_signal)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), grace_seconds)
        self.kill()
        await self._exited.wait()

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        # Until it is reaped its id, and so its group's, cannot be given to another process.
        _kill_group(self._process.pid)
        self._process.wait()
        self._exited.set()


def become_subreaper() -> None:
    """Have orphans of our children come to this process instead of to the machine's first one."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_adopted(own: frozenset[int]) -> None:
    """Reap ended orphans that came to this process; `own` are the children it waits for otherwise."""
    for pid in _children():
        if pid not in own:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def kill_adopted() -> None:
    """Kill whatever is still a child of this process, with its group: a worker of nginx outlives its master."""
    for pid in _children():
        with contextlib.suppress(ProcessLookupError):
            leads = os.getpgid(pid) == pid
            (os.killpg if leads else os.kill)(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def start_time(pid: int) -> str:
    """Return when the process started, in ticks since boot; with the id it names one process for good.

    The text is empty for a process that is gone.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    # One that has ended and only waits to be reaped counts as gone.
    return "" if fields[0] == "Z" else fields[19]


def _children() -> Iterator[int]:
    me = str(os.getpid())
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "stat").read_text().rpartition(")")[2].split()[1] == me:
                    yield int(entry.name)


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def tie_to_parent() -> None:
        # Runs after the change of user, which would clear the setting.
        _libc.prctl(PR_SET_PDEATHSIG, program.orphan_signal, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    account = program.account
    with _log(program) as log:
        return subprocess.Popen(
            program.argv,
            env=dict(program.environment),
            cwd=program.directory,
            stdin=subprocess.DEVNULL if program.log else None,
            stdout=log,
            stderr=subprocess.STDOUT if program.log else None,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=tie_to_parent,  # noqa: PLW1509  (one prctl; it takes no lock that a thread could hold)
        )


@contextlib.contextmanager
def _log(program: Program) -> Generator[IO[bytes] | None]:
    if program.log is None:
        yield None
        return
    if program.log.exists() and program.log.stat().st_size > LOG_BYTES:
        program.log.replace(program.log.with_suffix(".log.1"))
    program.log.touch(mode=0o600)
    if program.account:
        os.chown(program.log, program.account.uid, program.account.gid)
    with program.log.open("ab") as log:
        yield log


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
