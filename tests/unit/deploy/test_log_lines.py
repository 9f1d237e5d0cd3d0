"""Log lines of many processes, told shortly and without obeying what is in them."""

from pathlib import Path

from deploy.local.log_lines import LogLines


def test_json_lines_are_told_shortly_and_only_once(tmp_path: Path) -> None:
    log = tmp_path / "records.log"
    log.write_text('{"at":"2026-03-03T09:08:07.123456Z","level":"info","event":"job.done","rows":3}\nhalf a li')
    lines = LogLines(tmp_path, from_start=True, colour=False)
    [told] = lines.fresh()
    assert told.split() == ["records", "09:08:07.123", "info", "job.done", "rows=3"]
    assert list(lines.fresh()) == []
    with log.open("a") as more:
        more.write("ne\n")
    assert [line.split() for line in lines.fresh()] == [["records", "half", "a", "line"]]


def test_control_characters_never_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "identity.log").write_text(
        '\033[31mred\033[0m \033]0;title\007\n{"event":"\\u001b[2J","a":"\\u0007"}\n'
    )
    told = "".join(LogLines(tmp_path, from_start=True, colour=False).fresh())
    assert "red" in told
    assert "\033" not in told
    assert "\007" not in told
