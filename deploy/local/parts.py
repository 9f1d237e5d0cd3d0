"""A part of the system: one program, started until it answers, restarted when it falls, stopped in order."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from deploy.local.children import Child, Program, start_time

POLL_SECONDS = 0.1
STEADY_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 30.0

Report = Callable[[str, str], None]


class PartFailedError(Exception):
    """A part ended or did not answer in time; the text carries the end of its log."""


def silent(name: str, message: str) -> None:
    """Report nothing."""


class Part:
    """One program of the system under its name."""

    def __init__(
        self,
        program: Program,
        ready: Callable[[], Awaitable[bool]],
        *,
        folder: Path,
        patience_seconds: float = 60.0,
        report: Report = silent,
    ) -> None:
        """Know how to run it; `ready` asks it, `folder` is where its process id is written down."""
        self.program = program
        self.name = program.name
        self._ready = ready
        self._patience_seconds = patience_seconds
        self._report = report
        self._pid_file = folder / f"{program.name}.pid"
        self._child: Child | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._child.pid if self._child and self._child.exit_code is None else None

    async def start(self) -> None:
        """Run it and return when it answers; raises PartFailedError."""
        began = time.monotonic()
        self._spawn()
        await self._until_ready()
        self._report(self.name, f"ready after {time.monotonic() - began:.1f} s")

    def keep_running(self) -> None:
        """Start it again whenever it ends by itself, at once and then with growing pauses."""
        self._keeper = asyncio.create_task(self._keep())

    @property
    def exit_code(self) -> int | None:
        """Return with what it ended, or None while it runs."""
        return self._child.exit_code if self._child else None

    async def stop(self, grace_seconds: float = 4.0) -> None:
        """Stop it, with force after the grace; nothing happens if it does not run."""
        await self._leave_alone()
        if self._child:
            await self._child.stop(grace_seconds)
            self._pid_file.unlink(missing_ok=True)

    async def kill(self) -> None:
        """Kill it as a crash would; it stays down until it is started again, unless it is kept running."""
        if self._child:
            self._child.kill()
            await self._child.wait()

    def kill_now(self) -> None:
        """Kill it without waiting for its end."""
        if self._child:
            self._child.kill()

    def _spawn(self) -> None:
        self._child = Child(self.program)
        self._pid_file.write_text(f"{self._child.pid} {start_time(self._child.pid)}")

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + self._patience_seconds
        while not await self._ready():
            if self._child is None or self._child.exit_code is not None:
                code = self._child.exit_code if self._child else None
                raise PartFailedError(f"{self.name} ended with exit code {code}.\n{last_words(self.program)}")
            if time.monotonic() > deadline:
                raise PartFailedError(
                    f"{self.name} did not answer within {self._patience_seconds:.0f} s.\n{last_words(self.program)}"
                )
            await asyncio.sleep(POLL_SECONDS)

    async def _keep(self) -> None:
        pause_seconds = 0.0
        while self._child:
            began = time.monotonic()
            code = await self._child.wait()
            if time.monotonic() - began > STEADY_SECONDS:
                pause_seconds = 0.0
            self._report(self.name, f"ended with exit code {code}; starting it again in {pause_seconds:.0f} s")
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(max(1.0, pause_seconds * 2), LONGEST_PAUSE_SECONDS)
            self._spawn()
            try:
                await self._until_ready()
            except PartFailedError as failure:
                self._report(self.name, str(failure).partition("\n")[0])
            else:
                self._report(self.name, "answers again")

    async def _leave_alone(self) -> None:
        if self._keeper:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None


async def together(*steps: Awaitable[None]) -> None:
    """Return when all steps are done; when one fails the others are given up and its error is raised as it is."""
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_to_end(program: Program, patience_seconds: float) -> None:
    """Run a program that ends by itself; raises PartFailedError unless it ends well and in time."""
    child = Child(program)
    try:
        code = await asyncio.wait_for(child.wait(), patience_seconds)
    except TimeoutError:
        raise PartFailedError(f"{program.name} took more than {patience_seconds:.0f} s.") from None
    finally:
        child.kill()
        await child.wait()
    if code:
        raise PartFailedError(f"{program.name} ended with exit code {code}.\n{last_words(program)}")


def last_words(program: Program, lines: int = 20) -> str:
    """Return the end of the program's log."""
    if program.log is None or not program.log.exists():
        return ""
    return "\n".join(program.log.read_text(errors="replace").splitlines()[-lines:])
