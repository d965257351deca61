"""How much a client may send."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import TOO_LARGE

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Twice the largest batch of events that makes sense."""


class BodyLimit:
    """ASGI middleware that refuses a body once it grows past `MAX_BODY_BYTES`, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(
                    TOO_LARGE.status, f"the body is larger than {MAX_BODY_BYTES:,} bytes; send it in parts"
                )
            return message

        await self._app(scope, counted, send)
