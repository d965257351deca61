"""What time it is for a listener: hours and days mean theirs, not the server's."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from home.errors import UnknownTimezoneError
from shelves.markets import MARKET_TIMEZONES

_UTC = "UTC"


def timezone_of(market: str) -> tzinfo:
    """The timezone in which most of a market's people live; UTC for a market that is not known."""
    return ZoneInfo(MARKET_TIMEZONES.get(market.upper(), _UTC))


def named_timezone(name: str) -> tzinfo:
    """A timezone by its IANA name. Raises UnknownTimezoneError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnknownTimezoneError(name) from error
