"""May somebody do something on records whose facts are given: many answers at once, and who may."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from services.authz.deps import Deps
from services.authz.domain.explaining import Question, answer, deciding_snapshot
from services.authz.handlers.catalogue import catalogue_of
from services.authz.handlers.permits import asked_about, require_sight_of_rights
from services.authz.handlers.questions import (
    DecisionShown,
    Key,
    QuestionAsked,
    RecordGiven,
    basis_of,
    check_key,
    check_questions,
    decided,
)
from services.authz.store import modules, people, standings
from services.chassis.cursor import START, Cursor
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Input, Output, Route
from services.contracts.instants import Instant
from services.contracts.vocabulary import UserId, View

BATCH: Final = 200
SCANNED: Final = 1_000
"""People who are looked at for one page, so that its cost is bounded even where hardly anybody may."""


class QuestionsAsked(Input):
    user_id: UUID | None = None
    """Whose rights; left out: the caller's."""
    as_of: Instant | None = None
    """An instant of the past; left out: now."""
    questions: Annotated[list[QuestionAsked], Field(min_length=1, max_length=1_000)]


class DecisionsShown(Output):
    """Answers in the order of the questions."""

    user_id: UUID
    version: int
    items: list[DecisionShown]


class WhoCanAsked(PageQuery):
    key: Key
    record: RecordGiven


class PersonWhoCan(Output):
    user_id: UUID
    display_name: str
    view: View


class WhoCanPage(Output):
    """A page may be short, even empty, and still have a next one: `next` alone says whether this is the end."""

    items: list[PersonWhoCan]
    next: str | None


async def decide(deps: Deps, call: Call, asked: QuestionsAsked) -> DecisionsShown:
    """Answer up to 1,000 questions about one person.

    Asking about somebody else needs admin.permissions.manage or admin.agents.manage.
    """
    user_id = await asked_about(deps, call, asked.user_id)
    basis = await basis_of(deps, call, user_id, asked.as_of, {each.key for each in asked.questions})
    check_questions(asked.questions, basis.catalogue)
    snapshot = deciding_snapshot(basis.standing, basis.catalogue, basis.at)
    questions = [each.question() for each in asked.questions]
    return DecisionsShown(
        user_id=user_id,
        version=snapshot.version,
        items=[decided(question, answer(snapshot, question)) for question in questions],
    )


async def who_can(deps: Deps, call: Call, asked: WhoCanAsked) -> WhoCanPage:
    """List the active people who may use a permission on a record, by descending id.

    Needs admin.permissions.manage or admin.agents.manage.
    """
    await require_sight_of_rights(deps, call)
    check_key(asked.key, await catalogue_of(deps, call))
    question = Question(asked.key, asked.record.facts())
    found, last = await search_people(deps, call, question, asked.cursor.id, asked.limit)
    return WhoCanPage(items=found, next=None if last is None else str(Cursor(START.at, last)))


async def search_people(
    deps: Deps, call: Call, question: Question, below: UUID, limit: int
) -> tuple[list[PersonWhoCan], UUID | None]:
    """Return up to `limit` people with ids below one, and where to go on; None: nobody else is left to look at."""
    found, looked_at = list[PersonWhoCan](), 0
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        while looked_at < SCANNED:
            batch = await people.page_of_active(tx, below=below, limit=BATCH)
            standing = await standings.find_all(tx, [UserId(person.id) for person in batch])
            held = {key for each in standing.values() for key in each.keys}
            known = await modules.catalogue_with(tx, deps.catalogue, {question.key, *held})
            for person in batch:
                if len(found) == limit:
                    return found, below
                below, looked_at = person.id, looked_at + 1
                view = answer(deciding_snapshot(standing[person.id], known, call.now), question)
                if view is not None:
                    found.append(PersonWhoCan(user_id=person.id, display_name=person.display_name, view=view))
            if len(batch) < BATCH:
                return found, None
    return found, below


ROUTES = (
    Route("POST", "/v1/decisions", decide, takes=QuestionsAsked, gives=DecisionsShown),
    Route("POST", "/v1/who-can", who_can, takes=WhoCanAsked, gives=WhoCanPage),
)
