"""Keeping an agency's own wordings, and showing what they would look like."""

from services.chassis.database import Database
from services.contracts.vocabulary import TenantId
from services.notifications.adapters import wordings as language_of_wordings
from services.notifications.adapters.letters import Letters, Links
from services.notifications.adapters.wordings import NotAllowed
from services.notifications.domain.delivery import Template
from services.notifications.domain.letter import Letter, Wording
from services.notifications.domain.wording import EXAMPLES, WORDS, WordingNotUsable, must_mention
from services.notifications.store import wordings


def preview(letters: Letters, template: Template, language: str, wording: Wording) -> Letter:
    """Return the letter that a wording makes of example words. Raises WordingNotUsable."""
    require_usable(template, wording)
    words = {name: EXAMPLES[name] for name in WORDS[template] & EXAMPLES.keys() if name != "url"}
    links = Links(str(EXAMPLES["url"]) if "url" in WORDS[template] else "")
    try:
        return letters.by_wording(language, words, links, wording)
    except NotAllowed as error:
        raise WordingNotUsable(str(error)) from None


async def put(
    db: Database, tenant_id: TenantId, template: Template, language: str, wording: Wording, version: int
) -> None:
    """Keep a wording that replaces the one of `version`, 0 for none. Raises WordingNotUsable, Stale."""
    require_usable(template, wording)
    async with db.transaction(tenant_id) as tx:
        await wordings.put(tx, template, language, wording, version)


async def delete(db: Database, tenant_id: TenantId, template: Template, language: str, version: int) -> None:
    """Go back to our own words. Raises NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        await wordings.delete(tx, template, language, version)


def require_usable(template: Template, wording: Wording) -> None:
    """Refuse a wording that names what there is not, runs long, or leaves the point out. Raises WordingNotUsable."""
    try:
        for source in (wording.subject, wording.text, wording.html or ""):
            language_of_wordings.check(source, WORDS[template])
    except NotAllowed as error:
        raise WordingNotUsable(str(error)) from None
    for name in must_mention(template):
        if not all(language_of_wordings.mentions(body, name) for body in (wording.text, wording.html) if body):
            raise WordingNotUsable(f"The wording has to name {{{{ {name} }}}}.")
    if language_of_wordings.mentions(wording.subject, "url"):
        raise WordingNotUsable("A link does not belong in the subject.")
