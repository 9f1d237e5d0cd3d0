"""The mailbox keeps the newest mails, over a restart too."""

from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from deploy.local.mailbox import Mailbox
from deploy.local.mailcatcher import application

MAIL = "Subject: Benvenuta\r\nMessage-ID: <1@x>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nperché\r\n".encode()


def test_mails_survive_a_restart(tmp_path: Path) -> None:
    Mailbox(tmp_path).keep("a@x.example", ["b@y.example", "c@y.example"], MAIL)
    mailbox = Mailbox(tmp_path)
    [mail] = mailbox.newest_first(to="B@Y.example")
    assert (mail.sender, mail.subject, mail.text.strip()) == ("a@x.example", "Benvenuta", "perché")
    mailbox.keep("a@x.example", ["d@y.example"], MAIL)
    assert [one.id for one in mailbox.newest_first(after=mail.id)] == [mail.id + 1]


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path, kept=2)
    for _ in range(3):
        mailbox.keep("a@x.example", ["b@y.example"], MAIL)
    assert [mail.id for mail in mailbox.newest_first()] == [3, 2]
    assert len(list(tmp_path.glob("*.eml"))) == 2
    mailbox.clear()
    assert mailbox.newest_first() == []


def test_an_unreadable_mail_is_kept_all_the_same(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.keep("", [], b"\xff\xfe\x00 no header at all")
    assert mailbox.find(1) is not None
    assert mailbox.source(1).endswith(b"no header at all")


@pytest.mark.asyncio
async def test_links_of_a_mail_can_be_followed_and_open_outside_of_its_frame(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    lines = (
        "Content-Type: multipart/alternative; boundary=b\n",
        "--b\nContent-Type: text/plain\n",
        '<b>See</b> <https://x.example/a?b=1&c=2#d> or "http://y.example"',
        "--b\nContent-Type: text/html\n",
        "<head></head><a href=https://x.example>x</a>",
        "--b--",
    )
    mailbox.keep("a@x.example", ["b@y.example"], "\n".join(lines).encode())
    async with TestClient(TestServer(application(mailbox))) as client:
        page = await (await client.get("/mails/1")).text()
        assert '&lt;<a href="https://x.example/a?b=1&amp;c=2#d" target="_blank"' in page
        assert '"<a href="http://y.example" target="_blank"' in page
        assert "<b>See" not in page
        framed = await client.get("/mails/1/html")
        assert '<base target="_blank">' in await framed.text()
        assert framed.headers["Content-Security-Policy"].startswith("sandbox allow-popups")
