"""What authz's code may reach."""

from dataclasses import dataclass

from services.authz.domain.catalogue import Catalogue
from services.authz.operations.snapshots import KeptAccess
from services.chassis.database import Database


@dataclass(frozen=True, slots=True)
class Deps:
    db: Database
    access: KeptAccess
    catalogue: Catalogue
    public_url: str
    """Base URL of the gateway, without a slash at the end."""
