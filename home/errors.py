"""Errors that people can act on: each names the field, the value and the fix.

HomeError
├── ConfigurationError    a settings, grid, rulebook or reward file is wrong
│   └── DatabaseError     the database cannot be reached or opened
├── UnknownListenerError  no such listener in the catalogue
├── UnknownSurfaceError   no grid for that surface
├── UnknownTimezoneError  no timezone of that name
├── UnknownDecisionError  no such decision in the log
├── NothingEligibleError  the catalogue holds nothing that the listener may see
├── NotExplainableError   the page's layout problem cannot be put together again
└── EmptyCatalogueError   the database holds no items yet
"""

from __future__ import annotations


class HomeError(Exception):
    """Base of every error that the command line and the API show to people."""


class ConfigurationError(HomeError):
    """A configuration file cannot be used."""


class DatabaseError(ConfigurationError):
    """The database cannot be reached, opened or migrated."""


class UnknownListenerError(HomeError):
    """The listener is not in the catalogue."""

    def __init__(self, listener_id: str) -> None:
        super().__init__(
            f"listener {listener_id!r} is not in the catalogue; list some with `home listeners` "
            "or GET /v1/listeners"
        )
        self.listener_id = listener_id


class UnknownSurfaceError(HomeError):
    """There is no grid for the surface."""

    def __init__(self, surface: str, known: tuple[str, ...]) -> None:
        super().__init__(f"surface {surface!r} has no grid; choose one of: {', '.join(known)}")
        self.surface = surface


class UnknownTimezoneError(HomeError):
    """There is no timezone of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"timezone {name!r} is not known; use an IANA name such as 'Europe/Stockholm', or leave it out"
            " for that of the listener's market"
        )
        self.name = name


class UnknownDecisionError(HomeError):
    """The decision is not in the log."""

    def __init__(self, decision_id: str) -> None:
        super().__init__(
            f"decision {decision_id!r} is not in the log; ids come from the answer to POST /v1/home"
        )
        self.decision_id = decision_id


class NotExplainableError(HomeError):
    """A logged page cannot be explained by this service."""

    def __init__(self, decision_id: str, why: str) -> None:
        super().__init__(f"decision {decision_id!r} cannot be explained: {why}")
        self.decision_id = decision_id
        self.why = why


class EmptyCatalogueError(HomeError):
    """Nothing can be composed from a database without items."""

    def __init__(self, database_url: str) -> None:
        super().__init__(
            f"the database {database_url} holds no items; run `home setup` for the embedded catalogue "
            "or `home ingest lastfm --data-dir DIR` for real data"
        )


class NothingEligibleError(HomeError):
    """No item of the catalogue may be shown to the listener."""

    def __init__(self, listener_id: str) -> None:
        super().__init__(
            f"nothing in the catalogue may be shown to listener {listener_id!r}: "
            "check its market, its explicit setting and what it has dismissed"
        )
        self.listener_id = listener_id


def first_line(error: Exception) -> str:
    """What an error says first; those of databases go on with the statement and its values."""
    return str(error).partition("\n")[0]
