"""What notifications is told."""

from pydantic import Field, SecretStr

from services.chassis.config import Settings


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
    """The mail server that takes our mails on; STARTTLS is used where it is offered."""
    smtp_connections: int = Field(default=4, ge=1, le=50)
    """Mails handed over at the same time, by each worker."""
    smtp_connections_per_domain: int = Field(default=10, ge=1, le=50)
    """How many of them may be for mailboxes of one domain."""
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

    @property
    def domains(self) -> frozenset[str]:
        """Return the sender domains one by one."""
        return frozenset(part.strip().lower() for part in self.sender_domains.split(",") if part.strip())
