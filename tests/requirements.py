"""What a machine may lack: tests that need it are skipped, or fail where nothing may be lacking."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

REQUIRE_ALL = "HOME_TEST_REQUIRE_ALL"


def lacking(reason: str) -> NoReturn:
    """Skip the running test, or fail it when HOME_TEST_REQUIRE_ALL is set, as the gate does."""
    if os.environ.get(REQUIRE_ALL):
        pytest.fail(reason)
    pytest.skip(reason)
