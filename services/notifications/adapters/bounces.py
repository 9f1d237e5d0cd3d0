"""Delivery status notifications (RFC 3464): which of our mails came back, and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string, policy
from email.message import Message
from typing import Final, cast
from uuid import UUID

_OUR_ID: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^>\s]+>")
_KIND: Final = re.compile(r"^content-type:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_LONGEST_KIND: Final = 1000
_STATUS: Final = re.compile(r"\b([45])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail of ours that was given back for good; `status` is an enhanced status code (RFC 3463)."""

    delivery_id: UUID
    status: str


def read(raw: str) -> Bounce | None:
    """Return what a mail system says of a mail of ours, None for anything but a final failure.

    Only the Message-ID of the mail that came back counts: whoever does not have the mail cannot speak about it.
    """
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    if any(len(kind.group()) > _LONGEST_KIND for kind in _KIND.finditer(text)):
        return None  # the standard library takes minutes for the parameters of a long one
    try:
        return _read(text)
    except RecursionError:  # parts in parts, as no mail system writes them; asked again, it would be no better
        return None


def _read(raw: str) -> Bounce | None:
    report = message_from_string(raw, policy=policy.compat32)  # the newer one fails at headers that make no sense
    if report.get_content_type() != "multipart/report" or report.get_param("report-type") != "delivery-status":
        return None
    found = _OUR_ID.search(_returned_id(report))
    status = next(_failures(report), None)
    return Bounce(UUID(found.group(1)), status) if found and status else None


def _failures(report: Message) -> Iterator[str]:
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            for block in cast("list[Message]", part.get_payload()):
                status = _STATUS.search(str(block.get("Status", "")))
                if str(block.get("Action", "")).strip().lower() == "failed" and status:
                    yield status.group(0)


def _returned_id(report: Message) -> str:
    """Return the Message-ID of the mail that came back, whole or as its headers."""
    for part in report.walk():
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            return str(cast("list[Message]", part.get_payload())[0].get("Message-ID", ""))
        if part.get_content_type() == "text/rfc822-headers":
            return str(message_from_string(str(part.get_payload()), policy=policy.compat32).get("Message-ID", ""))
    return ""
