"""Internal calls that identity answers."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class MailedLink(BaseModel):
    """A fresh link of a mail, and what the mail says beside it. Secret: never stored, logged or put in an event."""

    model_config = ConfigDict(frozen=True)

    url: str
    expires_at: datetime
    licence_code: str
    userid: str
    agency: str
    display_name: str
    email: str
    """Where the person is reached now: nobody at another address may get the link."""


class ActivationLink(MailedLink):
    """A link with which a person sets a first password.

    `POST /internal/v1/tenants/{tenant_id}/users/{user_id}/activation-links`; 409 once nobody waits for it.
    """


class PasswordResetLink(MailedLink):
    """A link with which a person sets a new password.

    `POST /internal/v1/tenants/{tenant_id}/users/{user_id}/password-reset-links`; 409 for who may not sign in.
    """


class EndingAccount(BaseModel):
    """Somebody, colleague or technician, whose account ends by itself soon."""

    model_config = ConfigDict(frozen=True)

    display_name: str
    ends_at: datetime


class AgencyFigures(BaseModel):
    """What the weekly report of an agency says: sign-ins of a span, and seats and ends of accounts as they are now.

    `GET /internal/v1/tenants/{tenant_id}/figures?since=…&until=…`
    """

    model_config = ConfigDict(frozen=True)

    sign_ins: int
    people_signed_in: int
    sign_ins_refused: int
    """Of people who exist."""
    seats_taken: int
    seats: int
    ending: tuple[EndingAccount, ...]
    """Within fourteen days after the span, first the soonest, fifty at most."""
