"""An agency's own words for its mails, with a look at them before they are kept."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.notifications.deps import Deps
from services.notifications.domain.delivery import Template
from services.notifications.domain.letter import Wording
from services.notifications.domain.recipient import SET_DEFAULTS
from services.notifications.domain.wording import WORDS
from services.notifications.operations import wordings as operations
from services.notifications.store import wordings


class Language(StrEnum):
    """What mails are written in."""

    IT = "it"
    PL = "pl"
    DE = "de"
    FR = "fr"
    EN = "en"


Subject = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
Body = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class WordingFields(Input):
    subject: Subject
    text: Body
    html: Body | None = None
    """Null shows the text in plain paragraphs."""


class WordingShown(Output):
    template: Template
    language: Language
    subject: str
    text: str
    html: str | None
    version: int


class WordingsShown(Output):
    items: list[WordingShown]
    words: dict[Template, list[str]]
    """What a wording of each mail may name as `{{ name }}`."""


class LetterShown(Output):
    subject: str
    text: str
    html: str


async def list_wordings(deps: Deps, call: Call) -> WordingsShown:
    """List the agency's own wordings. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await wordings.every(tx)
    return WordingsShown(
        items=[
            WordingShown(
                template=kept.template,
                language=Language(kept.language),
                subject=kept.wording.subject,
                text=kept.wording.text,
                html=kept.wording.html,
                version=kept.version,
            )
            for kept in found
        ],
        words={template: sorted(names) for template, names in WORDS.items()},
    )


async def preview_wording(deps: Deps, call: Call, asked: WordingFields) -> LetterShown:
    """Show the letter that a wording makes of example words; nothing is kept. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    template, language = _named(call)
    letter = operations.preview(deps.desk.letters, template, language, Wording(asked.subject, asked.text, asked.html))
    return LetterShown(subject=letter.subject, text=letter.text, html=letter.html)


async def put_wording(deps: Deps, call: Call, asked: WordingFields) -> WordingShown:
    """Keep a wording; If-Match names the version it replaces, "0" for none. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    template, language = _named(call)
    wording = Wording(asked.subject, asked.text, asked.html)
    await operations.put(deps.db, call.caller.tenant_id, template, language, wording, call.version)
    return WordingShown(
        template=template,
        language=language,
        subject=asked.subject,
        text=asked.text,
        html=asked.html,
        version=call.version + 1,
    )


async def delete_wording(deps: Deps, call: Call) -> None:
    """Go back to our own words for a mail. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    template, language = _named(call)
    await operations.delete(deps.db, call.caller.tenant_id, template, language, call.version)


def _named(call: Call) -> tuple[Template, Language]:
    try:
        return Template(call.path["template"]), Language(call.path["language"])
    except ValueError:
        raise NotFound from None


_ONE = "/v1/wordings/{template}/{language}"
ROUTES = (
    Route("GET", "/v1/wordings", list_wordings, gives=WordingsShown),
    Route("POST", f"{_ONE}/preview", preview_wording, takes=WordingFields, gives=LetterShown),
    Route("PUT", _ONE, put_wording, takes=WordingFields, gives=WordingShown, edits=True),
    Route("DELETE", _ONE, delete_wording, edits=True),
)
