from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from api import explanations, feedback_schemas, schemas
from api.problems import MEDIA_TYPE

_MODELS: dict[str, type[BaseModel]] = {
    name: model
    for module in (schemas, feedback_schemas, explanations)
    for name, model in vars(module).items()
    if isinstance(model, type) and issubclass(model, BaseModel)
}


@pytest.fixture
def description(client: httpx.Client) -> dict[str, Any]:
    body: dict[str, Any] = client.get("/openapi.json").json()
    return body


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


def test_examples_are_what_the_models_take(description: dict[str, Any]) -> None:
    checked = 0
    for name, schema in description["components"]["schemas"].items():
        for example in schema.get("examples", []):
            _MODELS[name].model_validate_json(json.dumps(example), extra="forbid")
            checked += 1
    assert checked >= 8


def test_what_goes_in_and_out_of_the_main_operations_has_an_example(description: dict[str, Any]) -> None:
    named = description["components"]["schemas"]
    for name in (
        "HomeRequest",
        "HomePage",
        "EventBatch",
        "EventAnswer",
        "DecisionOut",
        "ListenersPage",
        "Problem",
    ):
        assert named[name]["examples"], name


def test_every_operation_is_described(description: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in description["tags"]}
    for name, operation in _operations(description):
        assert operation["summary"], name
        assert operation["description"], name
        assert set(operation["tags"]) <= tags, name


def test_every_declared_error_is_a_problem(description: dict[str, Any]) -> None:
    declared = 0
    for name, operation in _operations(description):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == [MEDIA_TYPE], f"{name} {status}"
                declared += 1
    assert declared > 10


def test_every_reference_resolves(description: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    used = set(_references(description))
    assert used <= known
    assert known - used <= set(), "schemas nobody refers to"


def test_a_real_page_fits_its_schema(client: httpx.Client) -> None:
    listener = client.get("/v1/listeners", params={"limit": 1}).json()["listeners"][0]
    answer = client.post("/v1/home", json={"listener_id": listener["id"]})
    page = schemas.HomePage.model_validate_json(answer.content, extra="forbid")
    decision = client.get(f"/v1/decisions/{page.decision_id}")
    feedback_schemas.DecisionOut.model_validate_json(decision.content, extra="forbid")
