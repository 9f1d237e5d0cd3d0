"""What is away is asked for less and less often, and told of once, however often it is asked for."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from services.chassis import outages
from services.chassis.outages import Outage
from services.chassis.problems import Unavailable
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


def pauses(outage: Outage, tries: int) -> list[float]:
    """Let so many tries fail; return the pause after each."""
    found = list[float]()
    for _ in range(tries):
        with outage.bridged():
            raise Unavailable
        found.append(outage.pause())
    return found


async def test_pauses_grow_to_five_seconds_and_begin_anew_once_all_is_well() -> None:
    outage = Outage("broker")
    for _ in range(2):
        found = pauses(outage, 100)
        for pause, expected in zip(found, [0.2, 0.4, 0.8, 1.6, 3.2] + [5.0] * 95, strict=True):
            assert 0.7 * expected <= pause <= 1.3 * expected
        with outage.bridged():
            pass


async def test_processes_that_fail_together_do_not_come_back_together() -> None:
    pause = [pauses(Outage("broker"), 8)[-1] for _ in range(100)]
    assert len(set(pause)) > 90
    assert max(later - earlier for earlier, later in pairwise(sorted(pause))) < 1


async def test_each_reason_is_told_once_and_the_end_once() -> None:
    outage = Outage("broker")
    with capture_logs() as lines:
        for number in range(100):
            with outage.bridged(Exception):
                raise Unavailable from (OSError(number) if number % 2 else LookupError(number))
        for _ in range(3):
            with outage.bridged():
                pass
    assert [(line["event"], line.get("error")) for line in lines] == [
        ("outage.begun", "LookupError(0)"),
        ("outage.begun", "OSError(1)"),
        ("outage.ended", None),
    ]


async def test_a_try_that_lasts_is_well_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    outage = Outage("broker")
    pauses(outage, 10)
    monkeypatch.setattr(outages, "LASTING_SECONDS", 0.0)
    with capture_logs() as lines, outage.bridged():
        await eventually(lambda: _any(lines))
        assert [line["event"] for line in lines] == ["outage.ended"]
        raise Unavailable
    assert outage.pause() < 0.3


async def _any(lines: Sequence[object]) -> bool:
    return bool(lines)


async def test_what_is_no_outage_is_raised() -> None:
    with pytest.raises(LookupError), Outage("broker").bridged():
        raise LookupError
