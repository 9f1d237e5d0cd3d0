"""Who holds a data folder, and whose word is believed."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from deploy.local.tenure import LOCK, TakenError, holder, tell, tenure, told


def test_a_folder_has_one_launcher_at_a_time(tmp_path: Path) -> None:
    with tenure(tmp_path):
        assert holder(tmp_path) == os.getpid()
        with pytest.raises(TakenError) as refused, tenure(tmp_path):
            pass
        assert refused.value.pid == os.getpid()
    assert holder(tmp_path) is None


def test_the_word_of_a_killed_launcher_is_not_believed(tmp_path: Path) -> None:
    tell(tmp_path, {"pid": os.getpid() + 1, "gateway": "http://127.0.0.1:1"})
    assert told(tmp_path) == {}
    with tenure(tmp_path):
        assert told(tmp_path) == {}
        tell(tmp_path, {"pid": os.getpid()})
        assert told(tmp_path) == {"pid": os.getpid()}
    assert told(tmp_path) == {}


def test_whoever_asks_keeps_nobody_from_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.tenure.PATIENCE_SECONDS", 60.0)
    started = Event()

    def ask() -> None:
        while not started.is_set():
            holder(tmp_path)

    with ThreadPoolExecutor() as pool:
        asking = pool.submit(ask)
        try:
            for _ in range(200):
                with tenure(tmp_path):
                    assert holder(tmp_path) == os.getpid()
        finally:
            started.set()
    asking.result()


def test_the_number_that_a_killed_launcher_left_names_nobody_however_many_ask(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("1")

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(holder, [tmp_path] * 500)) == {None}
