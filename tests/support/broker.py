"""Messages put into the broker by hand."""

import json

import aio_pika

from services.contracts.queues import EXCHANGE


async def publish_raw(amqp_url: str, topic: str, body: object) -> None:
    """Publish a message of any shape under a topic and wait for the broker's confirm."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        await exchange.publish(aio_pika.Message(raw), topic)
