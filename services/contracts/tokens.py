"""What an access token says (RFC 9068) and who its parties are."""

from typing import Final

ISSUER: Final = "urn:keyholder:identity"
AUDIENCE: Final = "urn:keyholder:api"
CLIENT: Final = "urn:keyholder:web"
MACHINE_CLIENT: Final = "urn:keyholder:machine"
"""Followed by a colon and the id of the machine token that was exchanged."""
SUPPORT: Final = "urn:keyholder:support"
"""What the `act` claim of support begins with; who it is at the vendor follows (ADR-0015)."""
TYPE: Final = "at+jwt"
ALGORITHM: Final = "ES256"
LIFETIME_SECONDS: Final = 300
"""The longest that an access token lives, and so the longest that a revocation must be remembered."""
