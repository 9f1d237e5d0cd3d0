"""Structured logs: one JSON object per line on standard output, with context, without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import cache
from typing import Final

import structlog

SECRET_NAMES: Final = re.compile(
    r"password|passwd|secret|token|authorization|cookie|private_key|passphrase|email|address$|recipient|body",
    re.IGNORECASE,
)
"""Fields whose values never reach a log line: credentials, and what identifies a person."""

_URL_CREDENTIALS: Final = re.compile(r"://[^/\s@]+@")
_BEARER: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


@cache
def _is_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None


def redact(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Replace the values of secret fields, and credentials inside other texts."""
    for name, value in event.items():
        if _is_secret(name):
            event[name] = "[redacted]"
        elif isinstance(value, str):
            event[name] = _BEARER.sub("[redacted]", _URL_CREDENTIALS.sub("://[redacted]@", value))
    return event


def configure(service: str, level: str, version: str) -> None:
    """Write one line per event to standard output; the standard library's records go through the same processors."""

    def name_the_service(
        _logger: object, _method: str, event: MutableMapping[str, object]
    ) -> MutableMapping[str, object]:
        return {"service": service, "version": version, **event}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        name_the_service,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    most = max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()])  # what libraries do is not our news
    logging.basicConfig(handlers=[handler], level=most, force=True)
    for chatty in ("asyncio", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    for twice in ("aiormq", "aio_pika"):  # whatever they tell of, they raise
        logging.getLogger(twice).setLevel(logging.CRITICAL)


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger. Event names are constants `noun.verb`; facts are keyword arguments."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger
