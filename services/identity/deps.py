"""What identity's code may reach."""

from dataclasses import dataclass
from datetime import timedelta

from services.chassis.authz_client import Access
from services.chassis.database import Database
from services.identity.adapters.authz_administrators import Administrators
from services.identity.adapters.authz_site import Site
from services.identity.adapters.pictures import Pictures
from services.identity.adapters.signing_keys import SigningKeys
from services.identity.operations.sessions import Gate


@dataclass(frozen=True, slots=True)
class Links:
    """Where links in mails lead, and for how long they work."""

    public_url: str
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Deps:
    db: Database
    access: Access
    administrators: Administrators
    site: Site
    signing: SigningKeys
    gate: Gate
    links: Links
    pictures: Pictures
    key_term: timedelta
    """For how long a key signs before the next one takes over."""
