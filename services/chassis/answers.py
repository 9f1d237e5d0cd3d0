"""What a handler may answer, and how it goes to the client: as one document, piece by piece, or not at all."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

import orjson
from aiohttp import web
from pydantic import BaseModel

from services.chassis import logging

_log = logging.get("http")


class NotModified(BaseModel):
    """The answer to a caller who has the present version already (If-None-Match): 304 without a body."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A document that a handler put together itself, as what its route `gives` describes: nobody looks it over again.

    Besides what JSON has, it may hold UUIDs, instants, dates, decimals and enums; they are written as a model's are.
    """

    members: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer sent piece by piece: a picture, an export. An empty piece asks whether somebody still listens.

    What fails before the first piece is refused as always. Later the answer can only be cut off, so that nobody takes
    the part for the whole.
    """

    media_type: str
    chunks: AsyncGenerator[bytes]
    filename: str | None = None


Answer = BaseModel | Composed | Streamed | None


def respond(answer: BaseModel | Composed | None, status: int, headers: dict[str, str], media_type: str) -> web.Response:
    """Return a document as a response, with the ETag of its version; 204 where there is none to show."""
    headers.setdefault("Cache-Control", "no-store")
    if answer is None:
        return web.Response(status=204 if status == 200 else status, headers=headers)  # noqa: PLR2004
    version = answer.members.get("version") if isinstance(answer, Composed) else getattr(answer, "version", None)
    if version is not None:
        headers.setdefault("ETag", f'"{version}"')
    if isinstance(answer, NotModified):
        return web.Response(status=304, headers=headers)
    body = _json(answer.members) if isinstance(answer, Composed) else answer.model_dump_json().encode()
    return web.Response(body=body, status=status, headers=headers, content_type=media_type, charset="utf-8")


def _json(members: Mapping[str, object]) -> bytes:
    return orjson.dumps(members, default=str, option=orjson.OPT_UTC_Z)


async def stream(request: web.Request, answer: Streamed, headers: dict[str, str]) -> web.StreamResponse:
    """Send an answer piece by piece, at the client's pace. A client who goes away ends the work."""
    headers.setdefault("Cache-Control", "no-store")
    headers["Content-Type"] = answer.media_type
    if answer.filename is not None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(answer.filename, safe='')}"
    response = web.StreamResponse(headers=headers)
    async with aclosing(answer.chunks) as chunks:
        chunk = await anext(chunks, None)
        try:
            await response.prepare(request)
            while chunk is not None and request.transport is not None:
                await response.write(chunk)
                chunk = await anext(chunks, None)
            await response.write_eof()
        except ConnectionError:
            _log.info("response.unread")
        except Exception:  # noqa: BLE001 the status is on its way: breaking off is the only refusal left
            _log.exception("response.cut")
            if request.transport is not None:
                request.transport.abort()
    return response
