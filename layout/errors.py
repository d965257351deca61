"""What can be wrong with a layout request. That no page is feasible is never an error, but a `Result`.

LayoutError
├── InvalidRuleError         a rule that means nothing, with its field, value and fix
├── InvalidSelectorError     a condition that means nothing, with its name, value and fix
├── InvalidProblemError      shelves, grid or values that do not fit together
│   └── InvalidScoresError   scores that cannot be turned into integer values
└── SolverError              the solver library failed; `layout.solve` turns it into a fallback page
"""

from __future__ import annotations


class LayoutError(Exception):
    """Anything that `layout` refuses."""


class InvalidRuleError(LayoutError, ValueError):
    """A field of a rule that has no meaning."""

    def __init__(self, rule_id: str, field: str, value: object, fix: str) -> None:
        super().__init__(f"rule {rule_id!r}: {field} = {value!r}: {fix}")
        self.rule_id = rule_id
        self.field = field


class InvalidSelectorError(LayoutError, ValueError):
    """A condition that has no meaning."""

    def __init__(self, name: str, value: object, fix: str) -> None:
        super().__init__(f"{name} = {value!r}: {fix}")


class InvalidProblemError(LayoutError, ValueError):
    """Shelves, grid, values or page that do not fit together."""


class InvalidScoresError(InvalidProblemError):
    """Scores that are not finite, too large, or of the wrong shape."""


class SolverError(LayoutError, RuntimeError):
    """The solver library raised, refused the model, or returned something that is not a page."""


class ClockError(SolverError):
    """A search was stopped by the clock: asked again, it may find an answer."""
