"""Internal calls that identity answers."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class ActivationLink(BaseModel):
    """A fresh link with which a person sets a first password. Secret: never stored, logged or put in an event."""

    model_config = ConfigDict(frozen=True)

    url: str
    expires_at: datetime
    licence_code: str
    userid: str
    agency: str
    display_name: str
