"""What long work says of itself."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from api.progress import TerminalProgress


@pytest.mark.parametrize("terminal", [False, True])
def test_a_log_file_names_a_step_as_it_begins_and_a_terminal_leaves_that_to_the_bar(terminal: bool) -> None:
    output = StringIO()
    with TerminalProgress(Console(file=output, force_terminal=terminal, width=100)) as progress:
        progress.start("Training item embeddings", 2)
        begun = output.getvalue()
        progress.advance(2)
        progress.finish()
    assert ("Training item embeddings …" in begun) is not terminal
    assert "2/2" in output.getvalue()
