"""Ports: the wanted one if it is free, another otherwise, and the same one next time."""

import socket
from pathlib import Path

from deploy.local.ports import LOOPBACK, SPARE, Ports


def test_a_taken_port_is_replaced_and_remembered(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]
        chosen = Ports(file, {"gateway": taken}).choose("gateway")
    assert chosen in SPARE
    assert Ports(file, {"gateway": taken}).choose("gateway") == chosen


def test_two_parts_never_get_the_same_port(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json", {"one": SPARE[0], "two": SPARE[0]})
    assert ports.choose("one") != ports.choose("two")
    assert ports.choose("one") == ports.choose("one")
