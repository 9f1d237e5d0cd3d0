"""The messages of the OpenID AuthZEN Authorization API 1.0. What it does not know it ignores, as the standard says."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from services.chassis.problems import FieldError, Malformed

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Message(Part):
    """A request. One that lacks a field is answered with 400, not 422: the standard's wish."""

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_as_malformed(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(value)
        except ValidationError as error:
            raise Malformed(
                errors=[
                    FieldError("".join(f"/{part}" for part in wrong["loc"]), wrong["type"], wrong["msg"])
                    for wrong in error.errors(include_url=False, include_input=False, include_context=False)
                ]
            ) from None


class Subject(Part):
    type: Text
    """`user`."""
    id: Text


class Action(Part):
    name: Text
    """A permission key, or what follows the section in it: `update`, `identity.read`."""


class ResourceKind(Part):
    type: Text
    """A section: `listings`."""


class Resource(ResourceKind):
    id: Text
    """Of the record. Properties are not needed: what the record is like is known here."""


class Page(Part):
    token: Annotated[str, Field(max_length=500)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class EvaluationAsked(Message):
    subject: Subject
    action: Action
    resource: Resource


Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]


class EvaluationOptions(Part):
    evaluations_semantic: Semantic = "execute_all"


class EvaluationsAsked(Message):
    """Members above the list stand for those that its items leave out."""

    subject: JsonValue = None
    action: JsonValue = None
    resource: JsonValue = None
    evaluations: Annotated[list[dict[str, JsonValue]], Field(max_length=1_000)] = []
    options: EvaluationOptions = EvaluationOptions()

    def item(self, own: dict[str, JsonValue]) -> EvaluationAsked:
        """Return one evaluation with what it leaves out filled in. Raises Malformed."""
        shared = {"subject": self.subject, "action": self.action, "resource": self.resource}
        return EvaluationAsked.model_validate({**shared, **own})


class ResourceSearchAsked(Message):
    subject: Subject
    action: Action
    resource: ResourceKind
    page: Page = Page()


class Decision(BaseModel):
    decision: bool
    context: dict[str, JsonValue]
    """`view` of what is granted; `error` of an item of many. Why something is denied is not told: it may not exist."""


class Decisions(BaseModel):
    evaluations: list[Decision]


class PageShown(BaseModel):
    next_token: str
    """Empty at the end. A page may hold fewer than were asked for, even none, while there is a next one."""
    count: int


class ResourceFound(BaseModel):
    type: str
    id: str


class ResourcesFound(BaseModel):
    results: list[ResourceFound]
    page: PageShown
