"""The messages of the OpenID AuthZEN Authorization API 1.0, which authz and records speak.

What they do not know they ignore, as the standard says.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool, TypeAdapter, ValidationError

from services.contracts.vocabulary import Effect, RecordClass, UserId, View

USER: Final = "user"
"""The one type of subject."""

Text = Annotated[str, Field(min_length=1, max_length=200)]
Reference = Annotated[str, Field(max_length=200)]
"""An id as it was given: what can be none is no error, and what is no text is refused by its bound."""
Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]
_LAST: Final[Mapping[Semantic, bool]] = {"deny_on_first_deny": False, "permit_on_first_permit": True}


class Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class SubjectKind(Message):
    type: Text
    """`user`."""


class Subject(SubjectKind):
    id: Text

    @property
    def user_id(self) -> UserId | None:
        """Return whom it names, None if it can be no person."""
        found = uuid_of(self.id) if self.type == USER else None
        return None if found is None else UserId(found)


class Action(Message):
    name: Text
    """A permission key, or what follows the section in it: `update`, `identity.read`.

    Where it is both, the section's is meant: `documents.read` of a listing is `listings.documents.read`.
    """


class RightProperty(Message):
    """An entry of the record's own rights."""

    holder_id: UUID
    record_class: RecordClass
    effect: Effect


class RecordProperties(Message):
    """What must be given of a record to authz, which does not have it. records knows what its records are like."""

    office_id: Reference | None = None
    assignee_id: Reference | None = None
    created_by: Reference | None = None
    is_private: StrictBool | None = None
    record_rights: Annotated[tuple[RightProperty, ...], Field(max_length=600)] = ()


class ResourceKind(Message):
    type: Text
    """A section: `listings`."""


class Resource(ResourceKind):
    id: Text
    properties: RecordProperties = RecordProperties()


class EvaluationAsked(Message):
    subject: Subject
    action: Action
    resource: Resource


_EVALUATIONS: Final = TypeAdapter(list[EvaluationAsked])


class Decision(BaseModel):
    model_config = ConfigDict(frozen=True)

    decision: bool
    context: Mapping[str, JsonValue]
    """`view` of what is granted; `reason` why something could not be asked; `error` of an item of many."""


DECISIONS: Final[Mapping[View | None, Decision]] = {
    None: Decision(decision=False, context={}),
    **{view: Decision(decision=True, context={"view": view.value}) for view in View},
}
"""The answer for each view in which something may be granted, and for what is refused."""


class Decisions(BaseModel):
    evaluations: list[Decision]


class EvaluationOptions(Message):
    evaluations_semantic: Semantic = "execute_all"


class EvaluationsAsked(Message):
    """Members above the list stand for those that its items leave out."""

    subject: Any = None
    action: Any = None
    resource: Any = None
    evaluations: Annotated[list[dict[str, Any]], Field(max_length=1_000)] = []
    options: EvaluationOptions = EvaluationOptions()

    def shared(self) -> dict[str, Any]:
        """Return what stands for what an item leaves out, read once for all; as it was given where it is unreadable."""
        return {
            "subject": _read(Subject, self.subject),
            "action": _read(Action, self.action),
            "resource": _read(Resource, self.resource),
        }

    def items(self) -> Sequence[EvaluationAsked | Decision]:
        """Return the items, and in the place of each unreadable one that it is refused for what is wrong with it."""
        shared = self.shared()
        filled = [{**shared, **item} for item in self.evaluations]
        try:
            return _EVALUATIONS.validate_python(filled)
        except ValidationError as error:
            refused = _refused(error)
        return [refused.get(at) or EvaluationAsked.model_validate(item) for at, item in enumerate(filled)]

    def answered(
        self, items: Sequence[EvaluationAsked | Decision], decide: Callable[[EvaluationAsked], Decision]
    ) -> Decisions:
        """Return the answers to the items, in their order, up to the one at which the asked semantic ends."""
        last = _LAST.get(self.options.evaluations_semantic)
        found = list[Decision]()
        for item in items:
            found.append(item if isinstance(item, Decision) else decide(item))
            if found[-1].decision is last:
                break
        return Decisions(evaluations=found)


def _read(kind: type[Message], given: object) -> object:
    try:
        return kind.model_validate(given)
    except ValidationError:
        return given


def _refused(error: ValidationError) -> Mapping[int, Decision]:
    """Return for each unreadable item, by its place, that it is refused, and for what."""
    wrong = defaultdict[int | str, list[str]](list)
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        at, *within = each["loc"]
        wrong[at].append(f"{''.join(f'/{part}' for part in within)}: {each['msg']}")
    return {
        int(at): Decision(decision=False, context={"error": {"status": 400, "message": "; ".join(texts)}})
        for at, texts in wrong.items()
    }


class Page(Message):
    token: Annotated[str, Field(max_length=500)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class PageShown(BaseModel):
    next_token: str
    """Empty at the end. A page may hold fewer than were asked for, even none, while there is a next one."""
    count: int


class SearchAsked(Message):
    page: Page = Page()

    @property
    def position(self) -> str | None:
        """Return where the page begins, empty for the beginning; None for the token of another search."""
        digest, _, position = self.page.token.partition(".")
        return position if not self.page.token or digest == self._digest() else None

    def shown(self, position: str, count: int) -> PageShown:
        """Return what is said of a page that holds so many, and where the next begins, if there is one."""
        return PageShown(next_token=f"{self._digest()}.{position}" if position else "", count=count)

    def _digest(self) -> str:
        return hashlib.sha256(self.model_dump_json(exclude={"page"}).encode()).hexdigest()[:16]


class SubjectSearchAsked(SearchAsked):
    subject: SubjectKind
    action: Action
    resource: Resource


class ActionSearchAsked(SearchAsked):
    subject: Subject
    resource: Resource


class ResourceSearchAsked(SearchAsked):
    subject: Subject
    action: Action
    resource: ResourceKind


class SubjectFound(BaseModel):
    type: str
    id: str


class SubjectsFound(BaseModel):
    results: list[SubjectFound]
    page: PageShown


class ActionFound(BaseModel):
    name: str


class ActionsFound(BaseModel):
    results: list[ActionFound]
    page: PageShown


class ResourceFound(BaseModel):
    type: str
    id: str


class ResourcesFound(BaseModel):
    results: list[ResourceFound]
    page: PageShown


class Configuration(BaseModel):
    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str
    search_resource_endpoint: str
    """At records, which has the rows and also evaluates what is named by id."""
    search_subject_endpoint: str
    search_action_endpoint: str
    capabilities: list[str]


@lru_cache(maxsize=10_000)
def uuid_of(text: str | None) -> UUID | None:
    """Return an id, None for what can be none. The same few are asked about again and again."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
