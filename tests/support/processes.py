"""Services as processes of their own, that can be killed."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from services.chassis.config import Settings


@asynccontextmanager
async def work_process(service: str, settings: Settings) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run a service's `work`; its log is its standard output. It is killed at the end, if it still runs."""
    environ = {
        f"KEYHOLDER_{service.upper()}_{name.upper()}": value.get_secret_value()
        if isinstance(value, SecretStr)
        else str(value)
        for name, value in settings
        if value is not None
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"services.{service}",
        "work",
        env=os.environ | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
