"""Text that clients send: what ids may hold, and showing back what nothing can hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field

_LONGEST = 200
_NO_NUL = r"^[^\x00]+$"  # PostgreSQL keeps no text with a NUL in it

Id = Annotated[str, Field(min_length=1, max_length=_LONGEST, pattern=_NO_NUL)]
"""An id in a body."""

PathId = Annotated[str, Path(min_length=1, max_length=_LONGEST, pattern=_NO_NUL)]
"""An id in a path."""


def writable(text: str) -> str:
    """The text with "?" for lone surrogates, which JSON can name and no encoding can write."""
    return text.encode("utf-8", "replace").decode()
