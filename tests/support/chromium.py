"""A real browser with virtual authenticators, driven by the DevTools protocol."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.support.running import eventually

CHROMIUM: Final = shutil.which("chromium")
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)


class Page:
    """One tab, with whatever authenticators it is given."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._sent = 0

    async def open(self, url: str) -> None:
        """Go to an address; return when the page has been read."""
        await self.send("Page.enable")
        await self.send("Page.navigate", url=url)
        while (await self._socket.receive_json()).get("method") != "Page.loadEventFired":
            pass

    async def add_authenticator(self, *, verifies: bool = True) -> str:
        """Plug in an authenticator that keeps passkeys and says at once that somebody is there; return its id."""
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
        }
        await self.send("WebAuthn.enable")
        added = await self.send("WebAuthn.addVirtualAuthenticator", options=options)
        return str(added["authenticatorId"])

    async def create(self, options: dict[str, Any]) -> Any:
        """Return a new passkey, or the name of the error with which the browser refuses."""
        return await self._ceremony("create", "parseCreationOptionsFromJSON", options)

    async def get(self, options: dict[str, Any]) -> Any:
        """Return an assertion, or the name of the error with which the browser refuses."""
        return await self._ceremony("get", "parseRequestOptionsFromJSON", options)

    async def _ceremony(self, kind: str, parse: str, options: dict[str, Any]) -> Any:
        public_key = f"PublicKeyCredential.{parse}({json.dumps(options)})"
        done = (
            f"navigator.credentials.{kind}({{publicKey: {public_key}}}).then(one => one.toJSON(), error => error.name)"
        )
        answer = await self.send("Runtime.evaluate", expression=done, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"]["value"]

    async def send(self, method: str, **params: object) -> Any:
        """Return what a command of the protocol gives."""
        self._sent += 1
        await self._socket.send_json({"id": self._sent, "method": method, "params": params})
        while True:
            received = await self._socket.receive_json()
            if received.get("id") == self._sent:
                assert "error" not in received, received
                return received["result"]


@asynccontextmanager
async def browsing(folder: Path, http: aiohttp.ClientSession) -> AsyncGenerator[Page]:
    """Yield a tab of a browser that starts with nothing in this folder."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *_FLAGS,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def port() -> str | None:
        written = folder / "DevToolsActivePort"
        return written.read_text().split("\n")[0] if written.exists() else None

    try:
        address = f"http://127.0.0.1:{await eventually(port, 30)}"
        async with http.put(f"{address}/json/new?about:blank") as response:
            tab = await response.json()
        async with http.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        await process.wait()
