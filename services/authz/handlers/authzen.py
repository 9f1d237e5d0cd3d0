"""OpenID AuthZEN Authorization API 1.0: evaluations of records whose properties are given, and two searches.

Whoever asks about others needs admin.permissions.manage or admin.agents.manage. What is not known, be it a person,
an action or a kind of resource, is denied or not found, never an error.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from services.authz.deps import Deps
from services.authz.domain.administrator import MANAGE_AGENTS, MANAGE_PERMISSIONS
from services.authz.domain.catalogue import Catalogue, Permission
from services.authz.domain.explaining import Question, answer
from services.authz.handlers.catalogue import catalogue_of
from services.authz.handlers.decisions import search_people
from services.authz.operations.snapshots import Snapshots
from services.chassis.authz_client import require
from services.chassis.cursor import START
from services.chassis.parsing import checked
from services.chassis.problems import Malformed
from services.chassis.refusals import UNTYPED
from services.chassis.web import Access, Call, Route
from services.contracts.access import AccessSnapshot, RecordFacts, RecordRight, key_of
from services.contracts.authzen import (
    DECISIONS,
    USER,
    ActionFound,
    ActionSearchAsked,
    ActionsFound,
    Configuration,
    Decision,
    Decisions,
    EvaluationAsked,
    EvaluationsAsked,
    Resource,
    SearchAsked,
    Subject,
    SubjectFound,
    SubjectSearchAsked,
    SubjectsFound,
    uuid_of,
)
from services.contracts.vocabulary import UserId

_NOBODY: Final = UserId(UUID(int=0))
_UNKNOWN: Final = Decision(decision=False, context={"reason": "unknown"})


async def show_configuration(deps: Deps, _call: Call) -> Configuration:
    """Say where the parts of the Authorization API are."""
    pdp = f"{deps.public_url}/api/authz"
    return Configuration(
        policy_decision_point=pdp,
        access_evaluation_endpoint=f"{pdp}/access/v1/evaluation",
        access_evaluations_endpoint=f"{pdp}/access/v1/evaluations",
        search_resource_endpoint=f"{deps.public_url}/api/records/access/v1/search/resource",
        search_subject_endpoint=f"{pdp}/access/v1/search/subject",
        search_action_endpoint=f"{pdp}/access/v1/search/action",
        capabilities=[],
    )


async def evaluate(deps: Deps, call: Call, asked: EvaluationAsked) -> Decision:
    """Say whether a person may do something on a record."""
    snapshots = await _snapshots(deps, call, [asked])
    return decision(snapshots, asked, await _catalogue(deps, call, [asked]))


async def evaluate_all(deps: Deps, call: Call, asked: EvaluationsAsked) -> Decision | Decisions:
    """Answer many evaluations, in their order, up to the one at which the asked semantic ends.

    Those that ask the same about records that are alike, as on a page of one office's, are decided once.
    """
    if not asked.evaluations:
        return await evaluate(deps, call, checked(EvaluationAsked, asked.shared()))
    items = asked.items()
    distinct = {_alike(item): item for item in items if isinstance(item, EvaluationAsked)}
    snapshots, known = await _snapshots(deps, call, distinct.values()), await _catalogue(deps, call, distinct.values())
    decided = {alike: decision(snapshots, item, known) for alike, item in distinct.items()}
    return asked.answered(items, lambda item: decided[_alike(item)])


def _alike(asked: EvaluationAsked) -> tuple[object, ...]:
    """Return all that an evaluation is decided by."""
    subject, resource = asked.subject, asked.resource
    given = resource.properties
    record = (given.office_id, given.assignee_id, given.created_by, given.is_private, given.record_rights)
    return (subject.type, subject.id, asked.action.name, resource.type, record)


async def search_subjects(deps: Deps, call: Call, asked: SubjectSearchAsked) -> SubjectsFound:
    """List the people who may do something on a record, by descending id."""
    below = _began(asked)
    await _snapshots(deps, call, None)
    question = _question(asked.action.name, asked.resource, await catalogue_of(deps, call))
    if asked.subject.type != USER or question is None:
        return SubjectsFound(results=[], page=asked.shown("", 0))
    found, last = await search_people(deps, call, question, uuid_of(below) or START.id, asked.page.limit)
    return SubjectsFound(
        results=[SubjectFound(type=USER, id=str(person.user_id)) for person in found],
        page=asked.shown(str(last) if last else "", len(found)),
    )


async def search_actions(deps: Deps, call: Call, asked: ActionSearchAsked) -> ActionsFound:
    """List what a person may do on a record, by name."""
    after = _began(asked)
    snapshots, known = await _snapshots(deps, call, [asked]), await catalogue_of(deps, call)
    snapshot = _snapshot_of(asked.subject, snapshots)
    names = sorted(_allowed(snapshot, asked.resource, known)) if snapshot else []
    rest = [name for name in names if name > after]
    shown = rest[: asked.page.limit]
    return ActionsFound(
        results=[ActionFound(name=name) for name in shown],
        page=asked.shown(shown[-1] if len(rest) > len(shown) else "", len(shown)),
    )


async def _snapshots(deps: Deps, call: Call, asked: Iterable[EvaluationAsked | ActionSearchAsked] | None) -> Snapshots:
    """Return the snapshots of the subjects asked about; None stands for everybody's. Raises PermissionMissing."""
    caller = call.caller
    subjects = {each.subject.user_id or _NOBODY for each in asked or () if each.subject.type == USER}
    found = await deps.access.of_all(caller.tenant_id, subjects | {caller.user_id}, call.now, call.access_version)
    if (asked is None or subjects - {caller.user_id}) and not found[caller.user_id].holds(MANAGE_AGENTS):
        require(found[caller.user_id], MANAGE_PERMISSIONS)
    return found


async def _catalogue(deps: Deps, call: Call, asked: Iterable[EvaluationAsked]) -> Catalogue:
    """Return the product's catalogue if it has the actions asked about, else the agency's."""
    every = all(_permission(each.action.name, each.resource, deps.catalogue) for each in asked)
    return deps.catalogue if every else await catalogue_of(deps, call)


def decision(snapshots: Snapshots, asked: EvaluationAsked, catalogue: Catalogue) -> Decision:
    """Return the answer to an evaluation from the snapshots of the subjects that are known."""
    snapshot = _snapshot_of(asked.subject, snapshots)
    question = _question(asked.action.name, asked.resource, catalogue)
    if snapshot is None or question is None:
        return _UNKNOWN
    return DECISIONS[answer(snapshot, question)]


def _question(name: str, resource: Resource, catalogue: Catalogue) -> Question | None:
    """Return what is asked about a resource; None where action, kind or properties are not known."""
    permission = _permission(name, resource, catalogue)
    if permission is None:
        return None
    if not permission.scoped:
        return Question(permission.key)
    facts = _facts(resource)
    return Question(permission.key, facts) if facts else None


def _permission(name: str, resource: Resource, catalogue: Catalogue) -> Permission | None:
    return catalogue.get(key_of(resource.type, name, catalogue.__contains__))


def _facts(resource: Resource) -> RecordFacts | None:
    given = resource.properties
    office_id, assignee_id, created_by = map(uuid_of, (given.office_id, given.assignee_id, given.created_by))
    if office_id is None or assignee_id is None or created_by is None or given.is_private is None:
        return None
    rights = tuple(RecordRight(right.holder_id, right.record_class, right.effect) for right in given.record_rights)
    return RecordFacts(office_id, assignee_id, created_by, given.is_private, resource.type, rights)


def _allowed(snapshot: AccessSnapshot, resource: Resource, catalogue: Catalogue) -> Iterable[str]:
    for permission in catalogue.values():
        if permission.section == resource.type:
            question = _question(permission.key, resource, catalogue)
            if question and answer(snapshot, question):
                yield permission.key.removeprefix(f"{permission.section}.")


def _snapshot_of(subject: Subject, snapshots: Snapshots) -> AccessSnapshot | None:
    return snapshots.get(subject.user_id or _NOBODY) if subject.type == USER else None


def _began(asked: SearchAsked) -> str:
    """Return where the page begins. Raises Malformed for the token of another search."""
    if asked.position is None:
        raise Malformed("The token is not one that this search has given.")
    return asked.position


ROUTES = (
    Route(
        "GET",
        "/.well-known/authzen-configuration",
        show_configuration,
        gives=Configuration,
        access=Access.ANYONE,
    ),
    Route("POST", "/access/v1/evaluation", evaluate, takes=EvaluationAsked, gives=Decision, dialect=UNTYPED),
    Route("POST", "/access/v1/evaluations", evaluate_all, takes=EvaluationsAsked, gives=Decisions, dialect=UNTYPED),
    Route(
        "POST",
        "/access/v1/search/subject",
        search_subjects,
        takes=SubjectSearchAsked,
        gives=SubjectsFound,
        dialect=UNTYPED,
    ),
    Route(
        "POST", "/access/v1/search/action", search_actions, takes=ActionSearchAsked, gives=ActionsFound, dialect=UNTYPED
    ),
)
