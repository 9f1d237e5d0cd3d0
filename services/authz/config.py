"""What authz is told."""

from services.chassis.config import Settings


class AuthzSettings(Settings):
    jwks_url: str
    """Where the keys are published that sign access tokens."""
    public_url: str = "https://localhost"
    """Base URL of the gateway, as AuthZEN's configuration names it."""
