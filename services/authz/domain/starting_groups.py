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
class Words:
    """What a group is called, and what it gives access to (AM-14)."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class StartingGroup:
    """A group by the code that it keeps, and its first words by language."""

    code: str
    words: Mapping[str, Words]
    grants: tuple[Grant, ...]
    is_employee_group: bool = False

    def called(self, locale: str) -> Words:
        """Return the group's words in the language of a BCP 47 tag; in English where that is not spoken."""
        return self.words.get(locale.partition("-")[0].lower(), self.words["en"])


_ADMINISTRATORS: Final = {
    "en": Words("Administrators", "Everything, rights and people included."),
    "it": Words("Amministratori", "Tutto, compresi i diritti e le persone."),
    "pl": Words("Administratorzy", "Wszystko, łącznie z uprawnieniami i osobami."),
    "de": Words("Administratoren", "Alles, auch Rechte und Personen."),
    "fr": Words("Administrateurs", "Tout, y compris les droits et les personnes."),
}
_OFFICE_MANAGERS: Final = {
    "en": Words("Office managers", "The whole work of their own offices; of others, public data of listings."),
    "it": Words(
        "Responsabili d'ufficio", "Tutto il lavoro delle proprie sedi; delle altre, i dati pubblici degli annunci."
    ),
    "pl": Words("Kierownicy biur", "Cała praca własnych biur; z innych biur publiczne dane ofert."),
    "de": Words("Büroleitungen", "Die ganze Arbeit der eigenen Büros; von anderen öffentliche Daten der Objekte."),
    "fr": Words(
        "Responsables d'agence", "Tout le travail de leurs agences ; des autres, les données publiques des biens."
    ),
}
_EXTERNAL_TECHNICIANS: Final = {
    "en": Words("External technicians", "Nothing of people and records; what they set up is granted when it is there."),
    "it": Words("Tecnici esterni", "Nulla di persone e schede; ciò che installano si concede quando c'è."),
    "pl": Words("Technicy zewnętrzni", "Nic o osobach i rekordach; to, co konfigurują, przyznaje się, gdy już jest."),
    "de": Words(
        "Externe Techniker", "Nichts von Personen und Datensätzen; was sie einrichten, wird gewährt, sobald es da ist."
    ),
    "fr": Words(
        "Techniciens externes", "Rien des personnes ni des fiches ; ce qu'ils installent est accordé une fois en place."
    ),
}
"""A role that opens nothing of people or records (AM-3, AM-10). What a technician sets up belongs to modules, whose
permissions the agency grants to this group once it has them."""
_AGENTS: Final = {
    "en": Words("Agents", "Their own work in full; the listings and inquiries of their office to look at."),
    "it": Words("Agenti", "Il proprio lavoro per intero; annunci e richieste della propria sede in lettura."),
    "pl": Words("Agenci", "Własna praca w całości; oferty i zapytania własnego biura do wglądu."),
    "de": Words("Makler", "Die eigene Arbeit vollständig; Objekte und Anfragen des eigenen Büros zur Ansicht."),
    "fr": Words("Agents", "Leur propre travail en entier ; les biens et demandes de leur agence en lecture."),
}


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
