"""What facts and attributes can be, so that a condition nobody ever meets is an error when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from layout.selector import Allowed, Range
from layout.types import Attribute
from shelves.attributes import MIXED
from shelves.columns import CONTENT_TYPES


class Type(StrEnum):
    """What kind of values a fact or an attribute has."""

    ANY = "any"
    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Domain:
    """The values of a fact or an attribute: of one type, `least` to `most`, or only `values`, if there are
    any.

    A text has `length` characters, where that is given, and is in capitals.
    """

    type: Type = Type.ANY
    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    length: int | None = None

    def fault(self, value: Allowed) -> str:
        """What to give instead of a value or range, empty when nothing is wrong with it."""
        if isinstance(value, Range):
            return self._range_fault(value)
        many = value if isinstance(value, tuple | list) else (value,)
        return next((fix for one in many if (fix := self._value_fault(one))), "")

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a value, of several allowed ones, or of a range."""
        value: dict[str, Any] = {"type": _JSON[self.type]}
        limits = {"minimum": self.least, "maximum": self.most}
        if self.values:
            value = {"enum": list(self.values)}
        elif self.length:
            value |= {"pattern": f"^[A-Z]{{{self.length}}}$"}
        elif self.type is Type.NUMBER:
            value |= {key: limit for key, limit in limits.items() if limit is not None}
        forms = [value, {"type": "array", "minItems": 1, "items": value}]
        return {"anyOf": [*forms, _range_schema(value)] if self.type in (Type.ANY, Type.NUMBER) else forms}

    def _value_fault(self, value: Attribute) -> str:
        if self.type is not Type.ANY and _type_of(value) is not self.type:
            return f"use a {self.type}" if self.type is Type.NUMBER else f"use {self.type}"
        if isinstance(value, str):
            return self._text_fault(value)
        return "" if isinstance(value, bool) else self._number_fault(value)

    def _text_fault(self, value: str) -> str:
        if self.length and (len(value) != self.length or not (value.isascii() and value.isupper())):
            return f"use {self.length} capital letters"
        if not self.values or value in self.values:
            return ""
        near = get_close_matches(value, self.values, 1)
        return f"{f'did you mean {near[0]!r}? ' if near else ''}use one of: {', '.join(self.values)}"

    def _number_fault(self, value: float) -> str:
        low = self.least is not None and value < self.least
        if low or (self.most is not None and value > self.most):
            return f"use a number from {self.least:g} " + (
                f"to {self.most:g}" if self.most is not None else "on"
            )
        return ""

    def _range_fault(self, value: Range) -> str:
        if self.type in (Type.TEXT, Type.FLAG):
            return f"use {self.type}, not a range"
        given = (one for one in (value.at_least, value.at_most) if one is not None)
        return next((fix for one in given if (fix := self._number_fault(one))), "")


_JSON: Final[Mapping[Type, object]] = {
    Type.ANY: ["string", "boolean", "number"],
    Type.TEXT: "string",
    Type.FLAG: "boolean",
    Type.NUMBER: "number",
}


def _range_schema(value: Mapping[str, Any]) -> dict[str, Any]:
    number = {"type": "number"} | {key: value[key] for key in ("minimum", "maximum") if key in value}
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {"at_least": number, "at_most": number},
    }


def _type_of(value: Attribute) -> Type:
    if isinstance(value, bool):
        return Type.FLAG
    return Type.TEXT if isinstance(value, str) else Type.NUMBER


_TEXT: Final = Domain(Type.TEXT)
_FLAG: Final = Domain(Type.FLAG)
_SHARE: Final = Domain(Type.NUMBER, least=0.0, most=1.0)
_COUNT: Final = Domain(Type.NUMBER, least=0.0)

FACT_DOMAINS: Final[Mapping[str, Domain]] = MappingProxyType(
    {
        "surface": _TEXT,
        "market": Domain(Type.TEXT, length=2),
        "tier": _TEXT,
        "hour": Domain(Type.NUMBER, least=0, most=23),
        "weekday": Domain(Type.NUMBER, least=0, most=6),
    }
)
"""Fact → its values."""

ATTRIBUTE_DOMAINS: Final[Mapping[str, Domain]] = MappingProxyType(
    {
        "source": _TEXT,
        "family": _TEXT,
        "content_type": Domain(Type.TEXT, (*(one.value for one in CONTENT_TYPES), MIXED)),
        "genre": _TEXT,
        "sponsored": _FLAG,
        "sponsor": _TEXT,
        "fresh": _FLAG,
        "exploratory": _FLAG,
        "seed": _TEXT,
        "size": _COUNT,
        "taste": _SHARE,
        "popularity": _SHARE,
        "novelty": _SHARE,
        "id": _TEXT,
        "presentation": _TEXT,
        "height": _COUNT,
    }
)
"""Standard attribute → its values."""
