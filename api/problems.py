"""The kinds of problem that the API reports, and their RFC 9457 form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem: its slug in the type URI, its title, its status, and what it means."""

    slug: str
    title: str
    status: int
    meaning: str

    @property
    def type(self) -> str:
        """The type URI, relative to the server; GET it for the meaning."""
        return f"/problems/{self.slug}"


UNKNOWN_LISTENER = ProblemKind(
    "unknown-listener", "Unknown listener", 404, "The catalogue has no listener with this id."
)
UNKNOWN_DECISION = ProblemKind(
    "unknown-decision", "Unknown decision", 404, "The decision log has no decision with this id."
)
UNKNOWN_SURFACE = ProblemKind("unknown-surface", "Unknown surface", 404, "No grid describes this surface.")
UNKNOWN_TIMEZONE = ProblemKind(
    "unknown-timezone", "Unknown timezone", 422, "No timezone has this name; see `detail`."
)
INVALID_REQUEST = ProblemKind(
    "invalid-request", "Invalid request", 422, "The request is not what the operation takes; see `errors`."
)
TOO_LARGE = ProblemKind("too-large", "Request too large", 413, "The body is larger than the server accepts.")
NOT_FOUND = ProblemKind("not-found", "Not found", 404, "There is nothing at this path.")
METHOD_NOT_ALLOWED = ProblemKind(
    "method-not-allowed", "Method not allowed", 405, "The path exists, but not for this method; see Allow."
)
EMPTY_CATALOGUE = ProblemKind(
    "empty-catalogue", "Empty catalogue", 503, "The database holds no items, so nothing can be composed."
)
NOT_READY = ProblemKind("not-ready", "Not ready", 503, "A check that composing depends on fails.")
NOTHING_ELIGIBLE = ProblemKind(
    "nothing-eligible", "Nothing eligible", 409, "The catalogue has nothing that this listener may be shown."
)
NOT_EXPLAINABLE = ProblemKind(
    "not-explainable",
    "Not explainable",
    409,
    "The page was composed with another rulebook or grid than the server has, or breaks a rule.",
)
NO_MODEL = ProblemKind("no-model", "No model", 503, "No model has been published or loaded yet.")
MISCONFIGURED = ProblemKind(
    "misconfigured", "Misconfigured", 503, "A settings, grid, rulebook or reward file cannot be used."
)
NO_DATABASE = ProblemKind("no-database", "No database", 503, "The database cannot be reached or opened.")
HTTP_ERROR = ProblemKind("http", "HTTP error", 500, "The status code says it all.")
INTERNAL = ProblemKind(
    "internal", "Internal error", 500, "The server failed in a way it did not expect; its log says how."
)

KINDS: Mapping[str, ProblemKind] = {
    kind.slug: kind
    for kind in (
        UNKNOWN_LISTENER, UNKNOWN_DECISION, UNKNOWN_SURFACE, UNKNOWN_TIMEZONE, INVALID_REQUEST, TOO_LARGE,
        NOT_FOUND, METHOD_NOT_ALLOWED, EMPTY_CATALOGUE, NOTHING_ELIGIBLE, NOT_EXPLAINABLE, NO_MODEL,
        NOT_READY, MISCONFIGURED, NO_DATABASE, HTTP_ERROR, INTERNAL,
    )
}  # fmt: skip
"""Every kind by its slug."""


def problem(
    request: Request,
    kind: ProblemKind,
    detail: str,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Sequence[Any] | Mapping[str, Any],
) -> Response:
    """A problem as a response. `more` are extension members; `status` replaces the kind's own."""
    status = kind.status if status is None else status
    body = {
        "type": kind.type,
        "title": kind.title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        **more,
    }
    return Response(orjson.dumps(body, default=str), status, headers, media_type=MEDIA_TYPE)
