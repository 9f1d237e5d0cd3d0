"""What can be typed, and what is refused before anything is started."""

import pytest

from deploy.arguments import parse


def test_replicas_are_counted_from_one() -> None:
    assert parse(["up"]).replicas == 1
    assert parse(["up", "--replicas", "3"]).replicas == 3


@pytest.mark.parametrize("replicas", ["0", "-1", "two", "1.5", ""])
def test_no_replicas_are_refused_by_name(replicas: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["up", "--replicas", replicas])

    assert ended.value.code == 2
    assert "--replicas" in capsys.readouterr().err
