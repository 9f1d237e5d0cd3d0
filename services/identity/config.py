"""What identity is told."""

from pydantic import Field, SecretStr

from services.chassis.config import Settings


class IdentitySettings(Settings):
    authz_url: str
    """Base URL of authz."""
    public_url: str
    """Base URL of the gateway, for links in mails."""
    passkey_domain: str | None = None
    """Domain that passkeys are made for (the WebAuthn RP id): the host of the public URL, or a domain above it.

    Never changed once there are passkeys: they are good for no other. No browser takes an IP address for one.
    """
    passkey_origins: str = ""
    """From which web addresses passkeys may be used, with spaces between them; if none, from the public URL's."""
    operator_token: SecretStr = Field(min_length=20)
    """Who holds it may take on agencies."""
    signing_key_passphrase: SecretStr = Field(min_length=20)
    """Encrypts the signing keys in the database."""
    signing_key_days: int = Field(default=30, ge=1, le=365)
    """How long a key signs before the next one takes over."""
    activation_hours: int = Field(default=72, ge=1, le=720)
    """How long an activation link works."""
    session_hours: int = Field(default=12, ge=1, le=720)
    """How long a session lasts without a new sign-in."""
    password_memory_kib: int = Field(default=19 * 1024, ge=19 * 1024, le=1024 * 1024)
    """How much memory a password's hash takes; two are made at once. The least is OWASP's, as that of the passes is."""
    password_passes: int = Field(default=2, ge=2, le=100)
    """How often hashing a password goes over that memory."""
