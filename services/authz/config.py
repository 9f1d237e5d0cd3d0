"""What authz is told."""

from services.chassis.config import Settings


class AuthzSettings(Settings):
    jwks_url: str
    """Where the keys are published that sign access tokens."""
