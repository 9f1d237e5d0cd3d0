"""Who holds a data folder, and whose word is believed."""

import os
from pathlib import Path

import pytest

from deploy.local.tenure import TakenError, holder, tell, tenure, told


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
