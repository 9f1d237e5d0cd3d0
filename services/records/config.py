"""What records is told."""

from services.chassis.config import Settings


class RecordsSettings(Settings):
    authz_url: str
    """Base URL of authz."""
    jwks_url: str
    """Where identity publishes the keys that verify access tokens."""
