"""The error responses that operations declare in the OpenAPI description."""

from __future__ import annotations

from typing import Any

from api.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]


def _problem(status: int, description: str) -> Responses:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {status: {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}}


UNKNOWN_FOR_PAGE = _problem(404, "Unknown listener or surface.")
UNKNOWN_DECISION = _problem(404, "Unknown decision.")
UNKNOWN_PROBLEM = _problem(404, "Unknown kind of problem.")
INVALID = _problem(422, "Invalid request; `errors` or `detail` names each field, its value and the fix.")
TOO_LARGE = _problem(413, "The body is too large.")
NOTHING_ELIGIBLE = _problem(409, "Nothing in the catalogue may be shown to this listener.")
NOT_EXPLAINABLE = _problem(409, "Composed with another rulebook or grid, or the page breaks a rule.")
NO_PAGE = _problem(503, "Nothing can be composed at the moment.")
NOT_READY = _problem(503, "A check fails; `checks` says which and why.")
