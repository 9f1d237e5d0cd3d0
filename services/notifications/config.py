"""What notifications is told."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from services.chassis.config import Settings
from services.notifications.adapters.mail_server import Endpoint, Security


class NotificationsSettings(Settings):
    authz_url: str
    """Base URL of authz."""
    identity_url: str
    """Base URL of identity, which makes the links that mails carry."""
    jwks_url: str
    """Where identity publishes the keys of its access tokens."""
    public_url: str
    """Base URL of the gateway, where mails tell people to sign in."""
    smtp_host: str
    smtp_port: int = Field(ge=1, le=65535)
    """The mail server that takes our mails on."""
    smtp_security: Security = Security.OFFERED
    """`offered`: STARTTLS where the server offers it; `starttls`: that or nothing; `tls`: encrypted from the start."""
    smtp_user: str | None = Field(default=None, min_length=1)
    """Who we are to it; without one we are whoever may connect."""
    smtp_password: SecretStr | None = Field(default=None, min_length=1)
    """Told over a line that is surely encrypted, or not at all."""
    smtp_ca_file: Path | None = None
    """Certificates to trust in place of the system's."""
    smtp_connections: int = Field(default=4, ge=1, le=50)
    """Mails handed over at the same time, by each worker."""
    smtp_connections_per_domain: int = Field(default=10, ge=1, le=50)
    """How many of them may be for mailboxes of one domain: of each worker, so that two hand over twice as many."""
    smtp_timeout_seconds: float = Field(default=20, ge=0.1, le=120)
    """How long the mail server may take for the envelope, and again for the mail itself."""
    sender_address: str = Field(pattern=r"^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,180}$")
    """From address of every mail; its domain also names the Message-IDs."""
    sender_domains: str = Field(default="", pattern=r"^[A-Za-z0-9., -]*$")
    """Further domains, parted by commas, whose addresses may stand in From of a mail that a person has sent."""
    bounce_token: SecretStr | None = Field(default=None, min_length=20)
    """Bearer token with which a mail system hands in what came back; without it nobody can."""
    leave_link_secret: SecretStr | None = Field(default=None, min_length=20)
    """Signs the links by which people leave mail; without it the internal token does. A new one ends old links."""

    @model_validator(mode="after")
    def _keep_the_password(self) -> Self:
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("user and password of the mail server go together")
        if self.smtp_password is not None and not self.smtp_security.sure:
            raise ValueError("the mail server's password needs smtp_security starttls or tls")
        return self

    @property
    def endpoint(self) -> Endpoint:
        """Return where and how mails are handed over."""
        return Endpoint(
            self.smtp_host,
            self.smtp_port,
            self.smtp_security,
            self.smtp_user,
            self.smtp_password,
            self.smtp_ca_file,
        )

    @property
    def domains(self) -> frozenset[str]:
        """Return the sender domains one by one."""
        return frozenset(part.strip().lower() for part in self.sender_domains.split(",") if part.strip())
