"""A log line never holds a secret, whatever the code passes."""

import json
import logging as standard

import pytest
import structlog
from pydantic import BaseModel, ValidationError

from services.chassis import logging
from services.chassis.web import Input, Output
from services.contracts.envelope import Envelope, Event

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "swordfish"},
        {"new_password": "swordfish"},
        {"refresh_token": "swordfish"},
        {"Authorization": "Bearer swordfish"},
        {"email": "swordfish@agency.example"},
        {"recipient_address": "swordfish@agency.example"},
        {"error": "cannot reach postgresql://app:swordfish@db/echo"},
        {"error": f"bad token {TOKEN.replace('c2lnbmF0dXJl', 'swordfish')} here"},
        {"body": "swordfish"},
    ],
    ids=str,
)
def test_secrets_are_left_out(fields: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("echo", "info", "1")
    try:
        logging.get("test").info("thing.happened", user_id="7", **fields)
    finally:
        structlog.reset_defaults()
    line = capsys.readouterr().out
    assert "swordfish" not in line
    told = json.loads(line)
    assert (told["event"], told["user_id"], told["service"], told["level"]) == ("thing.happened", "7", "echo", "info")


def test_libraries_are_heard_when_they_warn_and_not_when_they_chat(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("echo", "info", "1")
    try:
        standard.getLogger("fonts").info("subset made")
        standard.getLogger("fonts").warning("no such letter")
    finally:
        structlog.reset_defaults()
        standard.basicConfig(force=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["event"] == "no such letter"


@pytest.mark.parametrize("model", [Input, Output, Event, Envelope], ids=lambda model: model.__name__)
def test_what_does_not_fit_a_model_is_not_quoted(model: type[BaseModel]) -> None:
    class Fitted(model):
        email: int

    with pytest.raises(ValidationError) as refused:
        Fitted.model_validate({"email": "swordfish@agency.example"})
    assert "email" in repr(refused.value)
    assert "swordfish" not in repr(refused.value)
