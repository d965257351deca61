"""What happens to the world while a simulation runs: which tools, listeners and tastes each day finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from home.compose import Tools
from home.simulate.truth import Truth
from shelves.types import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that goes on from `from_day` to `to_day`, both counted from 0 and included; None is for good.

    Subclasses change what they are about; the base changes nothing.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    from_day: Annotated[int, Field(ge=0)] = 0
    to_day: Annotated[int, Field(ge=0)] | None = None

    def on(self, day: int) -> bool:
        """Whether it goes on on a day."""
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)

    def tools(self, tools: Tools) -> Tools:
        """The collaborators while it goes on."""
        return tools

    def context(self, context: Context, seed: int) -> Context:  # noqa: ARG002 - for those who draw listeners
        """What is known of a visit while it goes on, in the simulation of a seed."""
        return context

    def truth(self, truth: Truth) -> Truth:
        """What a listener is like while it goes on."""
        return truth


class Timeline:
    """The happenings of the simulation of a seed, in the order in which they change the world."""

    def __init__(self, happenings: Sequence[Happening] = (), seed: int = 0) -> None:
        self._happenings = tuple(happenings)
        self._seed = seed
        self._tools: dict[tuple[int, ...], Tools] = {}

    def tools(self, day: int, tools: Tools) -> Tools:
        """The collaborators on a day; `tools` are those of an ordinary one."""
        if not self._happenings:
            return tools
        active = tuple(i for i, happening in enumerate(self._happenings) if happening.on(day))
        if active not in self._tools:
            for index in active:
                tools = self._happenings[index].tools(tools)
            self._tools[active] = tools
        return self._tools[active]

    def context(self, day: int, context: Context) -> Context:
        """What is known of a visit on a day."""
        for happening in self._on(day):
            context = happening.context(context, self._seed)
        return context

    def truth(self, day: int, truth: Truth) -> Truth:
        """What a listener is like on a day."""
        for happening in self._on(day):
            truth = happening.truth(truth)
        return truth

    def _on(self, day: int) -> list[Happening]:
        return [happening for happening in self._happenings if happening.on(day)]
