"""A Vowpal Wabbit learner on decisions logged as dsjson: it predicts each before it learns from it."""

from __future__ import annotations

import shlex
from typing import Any

import vowpal_wabbit_next as vw

_EXPLORES = "--cb_explore_adf"


class VwOnDsJson:
    """The learner of a command line, such as "--cb_explore_adf --epsilon 0.1 -q ua".

    Raises ValueError for arguments that Vowpal Wabbit does not take, or that do not explore single actions
    (--cb_explore_adf): without probabilities of actions there is nothing to weigh.
    """

    def __init__(self, arguments: str) -> None:
        words = shlex.split(arguments)
        if _EXPLORES not in words:
            raise ValueError(
                f"arguments {arguments!r}: add {_EXPLORES}, which gives every action a probability"
            )
        try:
            self._workspace: vw.Workspace[Any] = vw.Workspace([*words, "--quiet"])
        except RuntimeError as error:
            raise ValueError(f"arguments {arguments!r}: {error}") from error
        self._parser = vw.DSJsonFormatParser(self._workspace)

    def step(self, line: str) -> dict[int, float]:
        """The probability of every action before the learner knew the line; then it learns from it.

        Raises ValueError for a line that it cannot read.
        """
        try:
            examples = self._parser.parse_json(line)
            predicted: Any = self._workspace.predict_then_learn_one(examples)
        except RuntimeError as error:
            raise ValueError(f"the line cannot be learned from: {error}") from error
        return {int(action): float(probability) for action, probability in predicted}
