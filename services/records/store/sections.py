"""The tables of the sections that have records of their own."""

from collections.abc import Mapping
from typing import Final

from services.records.domain.record import Record
from services.records.store import contacts, inquiries, listings
from services.records.store.table import Table

TABLES: Final[Mapping[str, Table[Record]]] = {
    table.section.name: table for table in (listings.TABLE, inquiries.TABLE, contacts.TABLE)
}
"""By the name of the section, as it stands in record rights, history and schedules."""
