"""Composing names and titles from word lists, each at most once per kind."""

from __future__ import annotations

from collections.abc import Callable

from home.demo.dice import Dice
from home.demo.taxonomy import MARKETS
from home.demo.words import (
    ADJECTIVES,
    DAYS,
    DEEDS,
    DOINGS,
    FAMILY_NOUNS,
    FIRST_NAMES,
    HOURS,
    LAST_NAMES,
    MONTHS,
    PLACES,
    THINGS,
)

_SOLO_SHARE = {
    "hip-hop": 0.35,
    "classical": 0.75,
    "folk": 0.5,
    "jazz": 0.6,
    "soul": 0.6,
    "pop": 0.5,
    "world": 0.55,
}
_ENSEMBLES = {
    "classical": ("Ensemble", "Quartet", "Philharmonia", "Consort", "Players"),
    "jazz": ("Trio", "Quartet", "Quintet", "Big Band", "Sextet"),
    "soul": ("Review", "Collective", "Experience", "Horns", "Orchestra"),
    "world": ("Orquestra", "Sound System", "Collective", "All Stars", "Ensemble"),
    "folk": ("String Band", "Family", "Choir", "Duo", "Ramblers"),
}


class Names:
    """Draws names with dice of its own and gives none of them out twice."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._used: set[str] = set()

    def once(self, compose: Callable[[], str]) -> str:
        """A composed name that was not given out before."""
        while (name := compose()) in self._used:
            pass
        self._used.add(name)
        return name

    def person(self, market: str | None = None) -> str:
        """First and last name as common in the market, or in any."""
        place = market or self._dice.pick(MARKETS)
        return f"{self._dice.pick(FIRST_NAMES[place])} {self._dice.pick(LAST_NAMES[place])}"

    def artist(self, family: str, market: str | None) -> str:
        """A solo artist or a band of a family of genres."""
        return self.once(lambda: self._artist(family, market))

    def title(self, family: str) -> str:
        """The title of a song or an album; may repeat, as titles do."""
        dice = self._dice
        thing, place, when = dice.pick(THINGS), dice.pick(PLACES), self.when()
        adjective, doing, deed = dice.pick(ADJECTIVES), dice.pick(DOINGS), dice.pick(DEEDS)
        noun, person = dice.pick(FAMILY_NOUNS[family]), dice.pick(FIRST_NAMES[dice.pick(MARKETS)])
        forms = (
            f"{adjective} {thing}",
            f"{thing} and {noun}",
            f"{noun} {when}",
            f"{deed} the {thing}",
            f"{deed} Me {when}",
            f"Letters from {place}",
            f"{place}, {when}",
            f"The {thing} Will {doing}",
            f"No {thing} Tonight",
            f"{with_article(thing)} for {person}",
            f"{noun}",
            f"We {doing} {when}",
            f"Every {adjective} {thing}",
            f"{doing} Until {dice.pick(HOURS)}",
        )
        return dice.pick(forms)

    def when(self) -> str:
        """A time with its preposition."""
        preposition, times = self._dice.pick((("in", MONTHS), ("on", DAYS), ("at", HOURS)))
        return f"{preposition} {self._dice.pick(times)}"

    def _artist(self, family: str, market: str | None) -> str:
        dice = self._dice
        if dice.chance(_SOLO_SHARE.get(family, 0.2)):
            return self._solo(family, market)
        noun, other = dice.sample(FAMILY_NOUNS[family], 2)
        adjective = dice.pick(ADJECTIVES)
        forms = [
            f"{adjective} {noun}",
            f"The {adjective} {noun}",
            f"{noun} & {other}",
            f"{dice.pick(PLACES)} {noun}",
        ]
        if family in _ENSEMBLES:
            forms.append(f"{dice.pick(PLACES)} {dice.pick(_ENSEMBLES[family])}")
        return dice.pick(forms)

    def _solo(self, family: str, market: str | None) -> str:
        person = self.person(market)
        if family == "hip-hop":
            first = person.split()[0]
            noun = self._dice.pick(FAMILY_NOUNS[family])
            return self._dice.pick((f"{first} {noun}", f"{noun} {self._dice.pick(THINGS)}", f"Young {noun}"))
        return person


def with_article(thing: str) -> str:
    """A thing with its indefinite article."""
    return f"{'An' if thing[0] in 'AEIOU' else 'A'} {thing}"
