"""What mail systems say of mails that came back, and what it means for the address."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notifications.adapters.bounces import Bounce, read
from services.notifications.domain.delivery import State
from services.notifications.domain.retry import of_recipient
from services.notifications.domain.suppression import Severity, severity_of

MAIL = UUID("019e4a00-0000-7000-8000-0000000000b1")


def report(action: str = "failed", status: str = "5.1.1", message_id: str = f"<{MAIL}@agency.test>") -> str:
    """Return a report as Postfix writes one."""
    return f"""From: MAILER-DAEMON@mx.test
To: keyholder@agency.test
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test
Arrival-Date: Sun, 22 Nov 2026 09:00:00 +0000

Final-Recipient: rfc822; anna@example.test
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} gone

--b
Content-Type: message/rfc822

From: keyholder@agency.test
To: anna@example.test
Subject: x
Message-ID: {message_id}

Hello

--b--
"""


def test_a_final_failure_names_the_mail_and_the_status() -> None:
    assert read(report()) == Bounce(MAIL, "5.1.1")
    assert read(report().replace("\n", "\r\n")) == Bounce(MAIL, "5.1.1")
    headers = report().replace("message/rfc822", "text/rfc822-headers")
    assert read(headers) == Bounce(MAIL, "5.1.1")


@pytest.mark.parametrize(
    "raw",
    [
        report(action="delayed"),
        report(action="delivered", status="2.0.0"),
        report(message_id="<somebody@else.test>"),
        report(status="none"),
        "Subject: out of office\n\nI am away",
        report().replace("report-type=delivery-status", "report-type=feedback-report"),
        "",
    ],
)
def test_anything_else_says_nothing(raw: str) -> None:
    assert read(raw) is None


@given(st.text())
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    assert read(text) is None
    read(report() + text)
    read(report(status=text.replace("\n", " ")))


@given(message_id=st.text() | st.text('<>@[]"().,:;\\= a1\t'), whole=st.booleans())
@example(message_id="<", whole=True)
@example(message_id="<a@[", whole=False)
@example(message_id="=?utf-8?q?=FF?= <@", whole=True)
def test_no_message_id_breaks_the_reader(message_id: str, *, whole: bool) -> None:
    raw = report(message_id=message_id)
    assert read(raw if whole else raw.replace("message/rfc822", "text/rfc822-headers")) is None


@given(st.text('<>@[]"().,:;\\=/ a1\t'))
@pytest.mark.parametrize(
    "name", ["From", "To", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Date"]
)
def test_no_other_header_breaks_the_reader(name: str, value: str) -> None:
    read(f"{name}: {value}\n{report()}")
    read(report().replace("Subject: x", f"{name}: {value}"))
    read(
        report().replace(
            "Content-Type: message/delivery-status", f"Content-Type: message/delivery-status\n{name}: {value}"
        )
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "words", [";", '; a="', "; a=b", '"', ";{}\t;"], ids=["none", "open", "many", "quotes", "folded"]
)
def test_no_length_of_parameters_holds_up_the_reader(words: str, end: str) -> None:
    long = 'Content-Type: multipart/report; a="' + words.format(end) * 150_000  # minutes, if it were read
    assert read(f"{long}{end}{end}x") is None
    assert read(report().replace("\n", end).replace("Content-Type: text/plain", long, 1)) is None


@pytest.mark.parametrize("depth", [50, 500, 3000])
def test_no_depth_of_parts_in_parts_breaks_the_reader(depth: int) -> None:
    several = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    for parts in (several, "Content-Type: message/rfc822\n\n" * depth):
        assert read(parts) is None
        read(report().replace("Content-Type: text/plain\n\n", parts, 1))


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        ("5.1.1", Severity.HARD),
        ("5.1.10", Severity.HARD),
        ("5.2.1", Severity.HARD),
        ("5.2.2", Severity.SOFT),
        ("4.2.2", Severity.SOFT),
        ("5.4.4", Severity.SOFT),
        ("4.4.7", Severity.SOFT),
        ("5.7.1", None),
        ("5.7.26", None),
    ],
)
def test_only_what_is_about_the_address_counts_against_it(status: str, severity: Severity | None) -> None:
    assert severity_of(status) is severity


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        (550, "5.1.1 no such user", "5.1.1"),
        (550, "no such user", "5.1.1"),
        (550, "5.7.1 not from you", "5.7.1"),
        (554, "go away", None),
        (451, "4.3.0 busy", None),
    ],
)
def test_a_reply_at_the_door_is_read_alike(code: int, text: str, status: str | None) -> None:
    outcome = of_recipient(code, text)
    assert outcome.status == status
    assert outcome.state is (State.REFUSED if code >= 500 else State.DEFERRED)
