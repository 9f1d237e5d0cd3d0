"""FastStream and Celery on the same broker and machine: installed into a folder of the benchmark's own.

They only receive and acknowledge, one worker process each, as their documentation recommends for throughput: durable
queue, acknowledged after the work, several messages prefetched. Neither remembers what it has had.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final
from uuid import uuid4

import aio_pika

FOLDER: Final = Path(__file__).parents[2] / ".keyholder" / "bench" / "messaging"
LIBRARIES: Final = ("faststream[rabbit,cli]==0.7.8", "celery==5.7.0")
QUEUES: Final = ("peer-faststream", "peer-celery")
BODY: Final = json.dumps({"user": "x" * 400}).encode()
FASTSTREAM: Final = """
import os
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue

broker = RabbitBroker(os.environ["PEER_URL"], default_channel=Channel(prefetch_count=200), logger=None)
app = FastStream(broker, logger=None)

@broker.subscriber(RabbitQueue("peer-faststream", durable=True), ack_policy=AckPolicy.ACK)
async def take(body: list) -> None:
    pass
"""
CELERY: Final = """
import os
from celery import Celery

app = Celery("peer", broker=os.environ["PEER_URL"])
app.conf.update(task_default_queue="peer-celery", task_acks_late=True, worker_prefetch_multiplier=200,
                task_ignore_result=True, worker_hijack_root_logger=False)

@app.task(name="take")
def take(body):
    pass
"""
COMMANDS: Final = {
    "FastStream": ("peer-faststream", ("faststream", "run", "peer_faststream:app", "--log-level", "error")),
    "Celery": (
        "peer-celery",
        ("celery", "-A", "peer_celery", "worker", "-P", "solo", "-l", "ERROR", "--without-gossip", "--without-mingle"),
    ),
}


async def peers(url: str, count: int) -> AsyncGenerator[tuple[str, float]]:
    """Yield each peer with how many messages a second it consumed."""
    await asyncio.to_thread(_install)
    for name, (queue, command) in COMMANDS.items():
        yield name, await _consume(url, queue, command, count)


def _install() -> None:
    if not (FOLDER / "done").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "install", "-qq", "--target", str(FOLDER), *LIBRARIES]
        subprocess.run(command, check=True)
        (FOLDER / "done").touch()
    (FOLDER / "peer_faststream.py").write_text(FASTSTREAM)
    (FOLDER / "peer_celery.py").write_text(CELERY)


async def _consume(url: str, name: str, command: tuple[str, ...], count: int) -> float:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(name, durable=True)
        for begin in range(0, count, 1000):
            await asyncio.gather(
                *(channel.default_exchange.publish(_message(), name) for _ in range(begin, min(begin + 1000, count)))
            )
        environment = {**os.environ, "PYTHONPATH": str(FOLDER), "PEER_URL": url, "PYTHONWARNINGS": "ignore"}
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, cwd=FOLDER, env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            return await _rate(queue, count)
        finally:
            worker.kill()
            await worker.wait()


async def _rate(queue: aio_pika.abc.AbstractQueue, count: int) -> float:
    """Return how many a second leave the queue, from the first tenth on."""
    first, began = count, 0.0
    while left := (await queue.declare()).message_count or 0:
        if not began and left <= count * 0.9:
            first, began = left, time.perf_counter()
        await asyncio.sleep(0.05)
    return first / (time.perf_counter() - began)


def _message() -> aio_pika.Message:
    """Return a message that both read: a JSON body for one, in the other's task protocol."""
    identity = str(uuid4())
    return aio_pika.Message(
        json.dumps(
            [[json.loads(BODY)], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
        ).encode(),
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        correlation_id=identity,
        headers={
            "lang": "py",
            "task": "take",
            "id": identity,
            "root_id": identity,
            "retries": 0,
            "argsrepr": "",
            "kwargsrepr": "",
        },
    )
