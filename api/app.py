"""The HTTP application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api import errors
from api.limits import BodyLimit
from api.metrics import Metrics
from api.model_metrics import ModelCollector
from api.routes import decisions, events, health, home, listeners, metrics, web
from api.schemas import Problem
from home.registry import NoModelError
from home.service import Home

_DESCRIPTION = """\
Composes the Home of a streaming service: shelves propose, a bandit scores, a solver arranges, and the page
learns.

Ask for a page with `POST /v1/home`, show it, and report what happened on it with `POST /v1/events`. Every
page is a logged decision with its exact propensity: `GET /v1/decisions/{id}`. Errors are problem details
(RFC 9457).
"""
_TAGS = [
    {"name": "home", "description": "Compose a page."},
    {"name": "events", "description": "Report feedback."},
    {"name": "decisions", "description": "Look into the decision log."},
    {"name": "listeners", "description": "For whom and where pages can be composed."},
    {"name": "operation", "description": "Liveness, readiness, metrics."},
    {"name": "problems", "description": "What errors mean."},
]
_PACKAGE = "home-composer"


def create_app(composer: Home) -> FastAPI:
    """The API and the web page over a running composer, which is closed when the app shuts down."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(composer.close)

    app = FastAPI(
        title="Home",
        summary="A streaming service's Home, composed per request.",
        description=_DESCRIPTION,
        version=version(_PACKAGE),
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.home = composer
    app.state.metrics = Metrics(
        lambda: _model_version(composer),
        lambda: composer.models.failures,
        lambda: composer.learning_failures,
    )
    app.state.metrics.register(ModelCollector(composer))
    app.add_middleware(BodyLimit)
    errors.install(app)
    for router in (home, events, decisions, listeners, health, metrics, web):
        app.include_router(router.router)
    app.mount("/static", web.StaticAssets(), name="static")
    _describe_problems(app)
    return app


def _model_version(composer: Home) -> float:
    try:
        return composer.models.current()[0]
    except NoModelError:
        return 0


def _describe_problems(app: FastAPI) -> None:
    # Problems leave through exception handlers, which FastAPI knows nothing of: their schema is added here.
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        description = generate()
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError", "MalformedEvent"):
            schemas.pop(unused, None)
        return description

    app.openapi = openapi  # type: ignore[method-assign]
