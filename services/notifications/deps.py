"""What notifications' code may reach."""

from dataclasses import dataclass

from services.chassis.authz_client import Access
from services.chassis.database import Database
from services.notifications.adapters.identity_links import ActivationLinks
from services.notifications.adapters.letters import Letters
from services.notifications.adapters.mail_server import MailServer


@dataclass(frozen=True, slots=True)
class Deps:
    db: Database
    access: Access
    links: ActivationLinks
    letters: Letters
    mail_server: MailServer
