"""What notifications' code may reach."""

from dataclasses import dataclass

from services.chassis.authz_client import Access
from services.chassis.database import Database
from services.notifications.adapters.mail_server import MailServer
from services.notifications.adapters.messages import Messages
from services.notifications.operations.writing import Desk


@dataclass(frozen=True, slots=True)
class Deps:
    db: Database
    access: Access
    desk: Desk
    messages: Messages
    mail_server: MailServer
    per_domain: int
    """How many mails a worker hands over to one mail domain at the same time."""
