"""Every operation of the four documents, with input that the documents allow: no answer but the documented ones.

And with input that they do not allow: no fault of ours, whatever it is.

KEYHOLDER_FUZZ_EXAMPLES says how many examples each operation gets; the suite gives it a handful.
"""

import asyncio
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error  # pyright: ignore[reportUnknownVariableType]
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,  # pyright: ignore[reportUnknownVariableType]
    response_schema_conformance,  # pyright: ignore[reportUnknownVariableType]
    status_code_conformance,  # pyright: ignore[reportUnknownVariableType]
)

from deploy.local.databases import SERVICES
from deploy.local.stack import Stack
from tests.e2e.test_technicians import populated
from tests.support.gateway import Agency, Mails, found_agency

pytestmark = pytest.mark.asyncio(loop_scope="session")
EXAMPLES: Final = int(os.environ.get("KEYHOLDER_FUZZ_EXAMPLES", "4"))
CHECKS: Final[list[Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDS_THE_SESSION: Final = {("delete", "/v1/sessions"), ("put", "/v1/second-factor-policy")}
"""After these the administrator would have to come back in another way than by his password."""
UNAVAILABLE: Final = 503


MODES: Final[Mapping[GenerationMode, list[Any]]] = {
    GenerationMode.POSITIVE: CHECKS,
    GenerationMode.NEGATIVE: [not_a_server_error],
}


def fuzz(operation: Any, mode: GenerationMode, url: str, token: str, ids: Mapping[str, str]) -> list[str]:
    """Send an operation examples of its input; return what its answers do wrong."""
    faults = list[str]()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    def try_one(case: Any) -> None:
        case.path_parameters = {**(case.path_parameters or {}), **_known(operation.path, ids)}
        headers = {"Authorization": f"Bearer {token}"}
        if "If-Match" in (case.headers or {}):
            headers["If-Match"] = '"1"'
        response = case.call(base_url=url, headers=headers, timeout=30)
        if response.status_code == requests.codes["unavailable"]:
            return  # a peer that starts late; not what this is about
        try:
            case.validate_response(response, checks=MODES[mode])
            _refusal(response, operation.path)
        except Exception as fault:  # noqa: BLE001 every kind of failed check
            asked = f"{case.method} {case.formatted_path} {case.query} {case.body}"[:300]
            faults.append(f"{asked}\n  -> {response.status_code} {response.text[:300]}\n  {str(fault)[:400]}")

    impossible = (Unsatisfiable,) if mode is GenerationMode.NEGATIVE else ()
    with suppress(*impossible):  # nothing can be wrong where nothing is taken
        try_one()
    return faults


def _known(path: str, ids: Mapping[str, str]) -> dict[str, str]:
    return {name: ids[name] for name in re.findall(r"{(\w+)}", path) if name in ids}


def _refusal(response: Any, path: str) -> None:
    """Refuse a refusal that is no RFC 9457 problem; SCIM has its own."""
    if response.status_code < requests.codes["bad_request"] or path.startswith("/scim/"):
        return
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["code"]
    assert response.headers["x-request-id"] == [problem["request_id"]]


@pytest.mark.timeout(120 + 30 * EXAMPLES)
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
async def test_every_answer_is_a_documented_one(
    agency: Agency, stack: Stack, mails: Mails, service: str, mode: GenerationMode
) -> None:
    ids = await populated(agency)
    admin = agency.administrator
    document = (await admin.call("GET", f"/{service}/openapi.json")).expect(200)
    schema: Any = schemathesis.openapi.from_dict(document)
    url = f"{admin.url}/api/{service}"
    faults, tried = list[str](), 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method.lower(), operation.path) in ENDS_THE_SESSION:
            continue
        faults += await asyncio.to_thread(fuzz, operation, mode, url, admin.token or "", ids)
        tried += 1
        if (await admin.call("GET", "/identity/v1/me")).status != 200:
            agency = await found_agency(admin.http, admin.url, mails, stack.operator_token)
            admin, ids = agency.administrator, await populated(agency)
    assert tried > 15
    assert not faults, "\n\n".join(faults)
