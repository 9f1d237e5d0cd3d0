"""The permission groups that an agency starts with. It may change or remove all of them but the last administrator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.contracts.vocabulary import View

_AGENT: Final[Mapping[Reach, str]] = {
    Reach.ALL: """
        listings.create listings.private.create inquiries.create inquiries.private.create contacts.create
        criteria.create tasks.create documents.create
    """,
    Reach.PRINCIPAL: """
        listings.list listings.read inquiries.list inquiries.read calendar.read
    """,
    Reach.OWN: """
        listings.list listings.read listings.update listings.documents.read listings.identity.read
        listings.identity.update listings.print listings.email listings.identity.print listings.identity.email
        listings.private_note.read listings.private_note.update listings.archive.schedule listings.restore.schedule
        inquiries.list inquiries.read inquiries.update inquiries.documents.read inquiries.identity.read
        inquiries.identity.update inquiries.print inquiries.email inquiries.private_note.read
        inquiries.private_note.update
        contacts.list contacts.read contacts.update contacts.identity.read contacts.identity.update
        criteria.read criteria.update criteria.delete links.create links.update links.delete
        documents.read documents.update tasks.read tasks.update tasks.delete communications.read reports.agents.read
    """,
}
"""One's own work in full, the office's stock to look at; nobody else's identity data, nothing deleted or published."""

_OFFICE_MANAGER: Final[Mapping[Reach, str]] = {
    Reach.PRINCIPAL: """
        listings.list listings.read listings.private.read listings.update listings.documents.read
        listings.identity.read listings.identity.update listings.print listings.email listings.identity.print
        listings.identity.email listings.publish listings.copy listings.archive.now listings.archive.schedule
        listings.restore.now listings.restore.schedule listings.assignee.update listings.key_holder.update
        listings.no_commission.update listings.bulk.reassign listings.delete
        inquiries.list inquiries.read inquiries.private.read inquiries.update inquiries.documents.read
        inquiries.identity.read inquiries.identity.update inquiries.print inquiries.email inquiries.archive.now
        inquiries.archive.schedule inquiries.restore.now inquiries.restore.schedule inquiries.assignee.update
        inquiries.no_commission.update inquiries.bulk.reassign inquiries.delete
        contacts.list contacts.read contacts.update contacts.identity.read contacts.identity.update
        contacts.assignee.update criteria.read criteria.update criteria.delete links.create links.update links.delete
        documents.read documents.update documents.delete tasks.read tasks.update tasks.delete
        calendar.read calendar.create calendar.update calendar.delete communications.read
        record_rights.read record_rights.update reports.agents.read reports.logins.read
    """,
}
"""The whole work of one's own offices, over what an agent may do; no administration."""


@dataclass(frozen=True, slots=True)
class StartingGroup:
    """A group by the code that it keeps, and its first name by language."""

    code: str
    names: Mapping[str, str]
    grants: tuple[Grant, ...]
    is_employee_group: bool = False

    def name(self, locale: str) -> str:
        """Return what the group is called in the language of a BCP 47 tag; in English where that is not spoken."""
        return self.names.get(locale.partition("-")[0].lower(), self.names["en"])


_ADMINISTRATORS: Final = {
    "en": "Administrators",
    "it": "Amministratori",
    "pl": "Administratorzy",
    "de": "Administratoren",
    "fr": "Administrateurs",
}
_OFFICE_MANAGERS: Final = {
    "en": "Office managers",
    "it": "Responsabili d'ufficio",
    "pl": "Kierownicy biur",
    "de": "Büroleitungen",
    "fr": "Responsables d'agence",
}
_EXTERNAL_TECHNICIANS: Final = {
    "en": "External technicians",
    "it": "Tecnici esterni",
    "pl": "Technicy zewnętrzni",
    "de": "Externe Techniker",
    "fr": "Techniciens externes",
}
"""A role that opens nothing of people or records (AM-3, AM-10). What a technician sets up belongs to modules, whose
permissions the agency grants to this group once it has them."""
_AGENTS: Final = {"en": "Agents", "it": "Agenti", "pl": "Agenci", "de": "Makler", "fr": "Agents"}


def starting_groups(catalogue: Catalogue) -> tuple[StartingGroup, ...]:
    """Return the groups of a new agency; the first one is for its administrator."""
    everything = tuple(Grant(key, Reach.ALL) for key in catalogue)
    agent = tuple(_granted(_AGENT))
    colleagues = (
        Grant("listings.list", Reach.ALL, view=View.PUBLIC),
        Grant("listings.read", Reach.ALL, view=View.PUBLIC),
    )
    return (
        StartingGroup("administrators", _ADMINISTRATORS, everything),
        StartingGroup(
            "office_managers",
            _OFFICE_MANAGERS,
            tuple(dict.fromkeys((*agent, *_granted(_OFFICE_MANAGER), *colleagues))),
        ),
        StartingGroup("agents", _AGENTS, agent, is_employee_group=True),
        StartingGroup("external_technicians", _EXTERNAL_TECHNICIANS, ()),
    )


def _granted(keys: Mapping[Reach, str]) -> Iterable[Grant]:
    return (Grant(key, reach) for reach, text in keys.items() for key in text.split())
