"""Events and the CloudEvents 1.0 envelope in which they travel."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, JsonValue

from services.contracts.vocabulary import TenantId

CONTENT_TYPE = "application/cloudevents+json"


class Event(BaseModel):
    """A fact that a service tells the others. Carries ids and facts, never a token, password or link."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    topic: ClassVar[str]
    """The routing key, `<service>.<noun>.<happening>.v<n>`; also the CloudEvents type."""


class Envelope(BaseModel):
    """An event on its way, in CloudEvents structured mode.

    Unknown members are ignored: a newer producer may add extension attributes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    time: datetime
    tenantid: TenantId
    traceparent: str
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, JsonValue]
