"""What another model would have done with a logged decision, exactly.

The record holds the features that were scored and all that its layout problem is made of. Scoring them with
another model and solving under the same rules gives that model's own scores and optimum. The probabilities of
pages under it are in `home.replay.what_if`.
"""

from __future__ import annotations

from dataclasses import dataclass

from bandits.policy import Policy
from bandits.types import Page, Scores
from home.compose import Tools, layout_problem
from home.explain import problem_of
from home.options import worth
from home.records import DecisionRecord
from layout.relax import variant
from layout.solve import effective, solve
from layout.types import Problem, Result

_DEADLINE_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Rescored:
    """A logged decision as another model has it: its scores and its optimum page."""

    record: DecisionRecord
    scores: Scores
    problem: Problem
    result: Result

    @property
    def page(self) -> Page:
        """The model's optimum."""
        return self.result.page

    @property
    def same(self) -> bool:
        """Whether the model's optimum is the optimum that was logged, shelf by shelf and option by option."""
        return self.page == self.record.anchor

    @property
    def overlap(self) -> float:
        """The share of the logged optimum's shelves that are on the model's optimum as well."""
        logged = set(self.record.shelf_ids(self.record.anchor))
        return len(logged & set(self.record.shelf_ids(self.page))) / len(logged)


def rescore(record: DecisionRecord, policy: Policy, tools: Tools, scores: Scores | None = None) -> Rescored:
    """A decision as `policy` would have made it; pass `scores` where they are known already.

    Raises NotExplainableError when the page was composed under another rulebook or grid than `tools` has,
    and InvalidProblemError for a page that broke a rule. Takes as long as a request.
    """
    logged = problem_of(record, tools)
    grid = tools.surface(record.surface).grid
    if scores is None:
        scores = policy.score(record.context, [o.features for o in record.options], len(grid.slots))
    values = worth(scores.values, [option.presentation for option in record.options], grid)
    whole = layout_problem(logged.shelves, grid, tools.rules, values, record.about)
    problem = variant(whole, len(record.page), record.relaxed_rules)
    result = solve(problem, deadline_s=_DEADLINE_S)
    return Rescored(record, scores, effective(problem, result), result)
