"""Every error as RFC 9457 problem details: what went wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import problems
from api.problems import ProblemKind, problem
from api.text import writable
from home.errors import (
    ConfigurationError,
    DatabaseError,
    EmptyCatalogueError,
    HomeError,
    NotExplainableError,
    NothingEligibleError,
    UnknownDecisionError,
    UnknownListenerError,
    UnknownSurfaceError,
    UnknownTimezoneError,
)
from home.registry import NoModelError

KIND_OF_ERROR: Mapping[type[HomeError], ProblemKind] = {
    UnknownListenerError: problems.UNKNOWN_LISTENER,
    UnknownDecisionError: problems.UNKNOWN_DECISION,
    UnknownSurfaceError: problems.UNKNOWN_SURFACE,
    UnknownTimezoneError: problems.UNKNOWN_TIMEZONE,
    EmptyCatalogueError: problems.EMPTY_CATALOGUE,
    NothingEligibleError: problems.NOTHING_ELIGIBLE,
    NotExplainableError: problems.NOT_EXPLAINABLE,
    NoModelError: problems.NO_MODEL,
    ConfigurationError: problems.MISCONFIGURED,
    DatabaseError: problems.NO_DATABASE,
}
"""Which kind of problem an error becomes; a subclass becomes what its nearest base does."""

_LONGEST_VALUE = 200
_WRITABLE = range(-(2**63), 2**64)
"""Whole numbers beyond these are shown back as text: the JSON writer holds 64 bits."""

_FIXES = {
    "missing": "add this field",
    "extra_forbidden": "remove this field, or check its spelling",
    "json_invalid": "send a body that is valid JSON",
    "timezone_aware": "add the timezone, as in 2026-11-01T09:30:00Z",
}


def install(app: FastAPI) -> None:
    """Make every error of `app` leave as problem details."""
    app.exception_handler(HomeError)(_home_error)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(Exception)(_unexpected)


def kind_of(error: HomeError) -> ProblemKind:
    """The kind of problem that an error is."""
    known = (KIND_OF_ERROR[base] for base in type(error).mro() if base in KIND_OF_ERROR)
    return next(known, problems.INTERNAL)


def faults(errors: Sequence[Mapping[str, Any]], skip: int = 1) -> list[dict[str, Any]]:
    """Pydantic's error list as field, value and fix. Field paths lose their first `skip` steps."""
    return [
        {
            "field": _field(error["loc"], error["type"], skip),
            # Of a body that is no JSON, pydantic's input is not what was sent.
            "value": None if error["type"] == "json_invalid" else _shortened(error.get("input")),
            "fix": _FIXES.get(error["type"]) or error["msg"],
        }
        for error in errors
    ]


async def _home_error(request: Request, error: HomeError) -> Response:
    return problem(request, kind_of(error), str(error))


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    found = faults(error.errors())
    fields = ", ".join(fault["field"] for fault in found)
    return problem(request, problems.INVALID_REQUEST, f"cannot use {fields}; see errors", errors=found)


async def _http_error(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"nothing is at {request.url.path}; /openapi.json lists what there is"
        return problem(request, problems.NOT_FOUND, detail)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not offered at {request.url.path}; the Allow header says what is"
        return problem(request, problems.METHOD_NOT_ALLOWED, detail, headers=error.headers)
    kind = problems.TOO_LARGE if error.status_code == problems.TOO_LARGE.status else problems.HTTP_ERROR
    return problem(request, kind, error.detail, status=error.status_code, headers=error.headers)


async def _unexpected(request: Request, _: Exception) -> Response:
    # What failed is for the server's log: texts of unexpected errors may hold what a client must not see.
    return problem(request, problems.INTERNAL, "the server failed on this request; its log says how")


def _field(loc: Sequence[str | int], kind: str, skip: int) -> str:
    path = loc[:1] if kind == "json_invalid" else loc[skip:] or loc
    return writable(".".join(map(str, path)))


def _shortened(value: Any) -> Any:
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and value in _WRITABLE):
        return value
    text = writable(value if isinstance(value, str) else repr(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
