"""What can be wrong with a layout request. That no page is feasible is never an error, but a `Result`.

LayoutError
├── InvalidRule       a rule or selector that means nothing, with its field, value and fix
├── InvalidProblem    shelves, grid or values that do not fit together
│   └── InvalidScores scores that cannot be turned into integer values
└── SolverFault       the solver library failed; `layout.solve` turns it into a fallback page
"""

from __future__ import annotations


class LayoutError(Exception):
    """Anything that `layout` refuses."""


class InvalidRule(LayoutError, ValueError):
    """A rule or selector field that has no meaning."""

    def __init__(self, rule_id: str, field: str, value: object, fix: str) -> None:
        super().__init__(f"rule {rule_id!r}: {field} = {value!r}: {fix}")
        self.rule_id = rule_id
        self.field = field


class InvalidProblem(LayoutError, ValueError):
    """Shelves, grid, values or page that do not fit together."""


class InvalidScores(InvalidProblem):
    """Scores that are not finite, too large, or of the wrong shape."""


class SolverFault(LayoutError, RuntimeError):
    """The solver library raised, refused the model, or returned something that is not a page."""
