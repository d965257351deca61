from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import api

_STATIC = Path(api.__file__).parent / "static"
_FILES = sorted(path.name for path in _STATIC.iterdir())


def test_page_is_served_with_a_policy_that_allows_only_its_own_files(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_file_that_the_page_names_is_served(client: httpx.Client) -> None:
    named = set(re.findall(r'(?:href|src)="/static/([^"]+)"', client.get("/").text))
    for script in _STATIC.glob("*.js"):
        named |= set(re.findall(r'from "\./([^"]+)"', script.read_text("utf-8")))
    assert named == set(_FILES) - {"index.html"}
    for name in named:
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200, name
        assert "content-security-policy" in answer.headers, name


@pytest.mark.parametrize("name", _FILES)
def test_files_ask_nobody_else_and_never_turn_data_into_markup(name: str) -> None:
    text = (_STATIC / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|url\(", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)
