"""The mailbox keeps the newest mails, over a restart too."""

from pathlib import Path

from deploy.local.mailbox import Mailbox

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
