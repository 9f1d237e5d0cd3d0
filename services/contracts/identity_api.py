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


class ActivationLink(MailedLink):
    """A link with which a person sets a first password.

    `POST /internal/v1/tenants/{tenant_id}/users/{user_id}/activation-links`; 409 once nobody waits for it.
    """


class PasswordResetLink(MailedLink):
    """A link with which a person sets a new password.

    `POST /internal/v1/tenants/{tenant_id}/users/{user_id}/password-reset-links`; 409 for who may not sign in.
    """
