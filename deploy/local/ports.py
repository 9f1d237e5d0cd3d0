"""Ports on the loopback address: the wanted one if free, else another, the same at the next start."""

import json
import random
import socket
from collections.abc import Mapping
from pathlib import Path

# Below the range from which Linux takes the ports of outgoing connections, so none of those can be in the way.
SPARE = range(20_000, 32_000)
LOOPBACK = "127.0.0.1"


class Ports:
    """Port numbers by name, kept in a file of the data folder."""

    def __init__(self, file: Path, wanted: Mapping[str, int]) -> None:
        self._file = file
        self._wanted = wanted
        self._remembered: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        self._chosen: dict[str, int] = {}

    def choose(self, name: str) -> int:
        """Return the port of `name`; it stays the same as long as this object lives."""
        if name not in self._chosen:
            self._chosen[name] = self._pick(name)
            self._file.write_text(json.dumps({**self._remembered, **self._chosen}, indent=1))
        return self._chosen[name]

    def _pick(self, name: str) -> int:
        candidates = [ports[name] for ports in (self._remembered, self._wanted) if name in ports]
        candidates += random.sample(SPARE, 200)
        taken = set(self._chosen.values())
        for port in candidates:
            if port not in taken and is_free(port):
                return port
        raise OSError(f"no free port was found for {name} on {LOOPBACK}")


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
            trial.listen(1)
        except OSError:
            return False
    return True
