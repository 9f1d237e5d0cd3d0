"""Whatever a client says about where it comes from, the gateway's own sight counts."""

import pytest

from tests.support.gateway import PASSWORD, Agency

pytestmark = pytest.mark.asyncio(loop_scope="session")

SPOOFED: list[list[tuple[str, str]]] = [
    [("X-Real-IP", "203.0.113.9")],
    [("x-real-ip", "203.0.113.9")],
    [("X-Real-IP", "203.0.113.9"), ("X-Real-IP", "203.0.113.10")],
    [("X-Real-IP", "203.0.113.9:80")],
    [("X-Real-IP", "[2001:db8::1]:80")],
    [("X-Real-IP", "unknown")],
    [("X-Real-IP", "")],
    [("X-Real_IP", "203.0.113.9")],
    [("X_Real_IP", "203.0.113.9")],
    [("X-Forwarded-For", "203.0.113.9")],
    [("X-Forwarded-For", "203.0.113.9, 198.51.100.1")],
    [("X-Forwarded-For", ", ".join(["203.0.113.9"] * 20))],
    [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "127.0.0.1")],
    [("X-Forwarded-For", "::ffff:203.0.113.9")],
    [("X-Forwarded-For", "fe80::1%eth0")],
    [("X-Forwarded-For", "127.0.0.1, 203.0.113.9"), ("X-Real-IP", "203.0.113.9")],
    [("Forwarded", "for=203.0.113.9")],
    [("Forwarded", 'for="[2001:db8::1]:80";proto=https;by=203.0.113.1')],
    [("X-Client-IP", "203.0.113.9")],
    [("True-Client-IP", "203.0.113.9")],
    [("CF-Connecting-IP", "203.0.113.9")],
    [("X-Cluster-Client-IP", "203.0.113.9"), ("X-Originating-IP", "203.0.113.9")],
    [("Connection", "X-Real-IP"), ("X-Real-IP", "203.0.113.9")],
    [("X-Real-IP", "203.0.113.9\t")],
]


@pytest.mark.catalogue("MG-31")
async def test_no_header_changes_the_address_that_is_seen(agency: Agency) -> None:
    admin = agency.administrator
    codes = {"licence_code": agency.licence_code, "userid": "admin", "password": PASSWORD}
    assert len(SPOOFED) >= 20
    for headers in SPOOFED:
        async with admin.http.post(f"{admin.url}/api/identity/v1/sessions", json=codes, headers=headers) as response:
            assert response.status in {201, 400}, headers
    shown = (await admin.call("GET", "/identity/v1/sessions")).expect(200)["items"]
    assert len(shown) >= 20
    assert {session["address"] for session in shown} == {"127.0.0.1"}
