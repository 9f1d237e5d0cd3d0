"""Log files of several processes read together, JSON lines told shortly. Standard library only."""

import json
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import cast

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
LEVEL_COLOURS = {"warning": 33, "error": 31, "critical": 31}
LEFT_OUT = frozenset({"at", "time", "level", "event", "service", "version", "logger", "trace_id", "exception"})
NAME_WIDTH = 20
FIRST_LINES_BYTES = 20_000
COLOUR_CODE = re.compile(r"\033\[[0-9;]*m")


class LogLines:
    """The lines of the `.log` files in a folder, each file from where it was read last."""

    def __init__(self, folder: Path, names: Collection[str] = (), *, from_start: bool, colour: bool) -> None:
        """Read the named files, all of them if none is named; otherwise only what comes from now on."""
        self._folder = folder
        self._names = names
        self._colour = colour
        self._read: dict[Path, int] = {}
        if not from_start:
            self._read = {file: file.stat().st_size for file in self._files()}

    def fresh(self) -> Iterator[str]:
        """Return the lines that came since the last call, ready to print."""
        for file in self._files():
            size = file.stat().st_size
            start = self._read.get(file, max(0, size - FIRST_LINES_BYTES))
            if size < start:  # a new file after rotation
                start = 0
            if size == start:
                continue
            with file.open("rb") as log:
                log.seek(start)
                whole, end, _ = log.read(size - start).rpartition(b"\n")
            self._read[file] = start + len(whole) + len(end)
            for line in whole.decode(errors="replace").splitlines():
                yield self._told(file.stem, line)

    def _files(self) -> list[Path]:
        return [file for file in sorted(self._folder.glob("*.log")) if not self._names or file.stem in self._names]

    def _told(self, name: str, line: str) -> str:
        colour = COLOURS[sum(name.encode()) % len(COLOURS)]
        title = self._painted(f"{name:<{NAME_WIDTH}}", colour)
        try:
            fields = json.loads(line)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            return f"{title} {_printable(line)}"
        return f"{title} {self._short(cast('dict[str, object]', fields))}"

    def _short(self, fields: Mapping[str, object]) -> str:
        at = str(fields.get("at") or fields.get("time") or "")[11:23].removesuffix("Z").partition("+")[0]
        level = str(fields.get("level", "info"))
        rest = " ".join(f"{key}={value}" for key, value in fields.items() if key not in LEFT_OUT)
        head = self._painted(f"{level:<7}", LEVEL_COLOURS.get(level, 0))
        text = f"{at:<12} {head} {_printable(str(fields.get('event', '')))} {_printable(rest)}"
        exception = str(fields.get("exception") or "")
        return text + "".join(f"\n    {_printable(one)}" for one in exception.splitlines())

    def _painted(self, text: str, colour: int) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colour and colour else text


def wants_colour() -> bool:
    """Say whether colours are welcome: a terminal, and no NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _printable(text: str) -> str:
    # What others sent may be in a log line; a terminal obeys control characters.
    return "".join(one if one.isprintable() or one == "\t" else "�" for one in COLOUR_CODE.sub("", text))
