"""What records' code may reach."""

from dataclasses import dataclass

from services.chassis.authz_client import Access
from services.chassis.database import Database
from services.records.adapters.deciding_sources import Sources
from services.records.adapters.hypotheses import Hypotheses
from services.records.adapters.stamps import Stamps
from services.records.adapters.streams import Streams


@dataclass(frozen=True, slots=True)
class Deps:
    db: Database
    access: Access
    stamps: Stamps
    hypotheses: Hypotheses
    sources: Sources
    streams: Streams
