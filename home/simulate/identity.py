"""What makes two simulations the same one: a mark of everything that decides the result."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from datetime import date, timedelta
from enum import Enum

import numpy as np

from bandits.features import FEATURE_SCHEMA_VERSION
from home.compose import Tools
from home.configuration import software
from home.simulate.checkpoint import Identity
from home.simulate.participants import Participant
from home.simulate.player import Stage
from home.simulate.timeline import Happening
from shelves.catalog import Catalog
from shelves.types import Context

_PLAIN = str, bytes, int, float, bool, date, timedelta, type(None)


def identity_of(
    contexts: Sequence[Context],
    stage: Stage,
    policies: Mapping[str, Participant],
    happenings: Sequence[Happening],
) -> Identity:
    """Every part that decides the result → what it is, in words where they are short, else as a mark.

    A policy is told by the snapshot of what it starts as, which holds its name, its options and its weights.
    """
    tools, parameters = stage.tools, stage.model.parameters
    return {
        **{name: str(value) for name, value in asdict(stage.config).items()},
        "policies": ", ".join(policies),
        **{f"policy {name}": _policy(policy) for name, policy in policies.items()},
        "exploration": str(tools.exploration),
        "rulebook": f"{tools.rules_version}@{mark((tools.rulebook, tools.rules))}",
        "rewards": stage.formula.identity,
        "listener model": f"{parameters.version}@{mark(parameters)}",
        "listeners": mark([_known(context) for context in contexts]),
        "catalogue": mark(_of_catalog(tools.builder.catalog)),
        "sources": ", ".join(source.name for source in tools.builder.sources),
        **{f"source {source.name}": mark(source) for source in tools.builder.sources},
        "limits": _limits(tools),
        "grids": mark(
            [(name, tools.surfaces[name].text, tools.surfaces[name].grid) for name in tools.surfaces]
        ),
        "happenings": f"{list(happenings)}",
        "features": str(FEATURE_SCHEMA_VERSION),
        "software": ", ".join(f"{name} {version}" for name, version in software().items()),
    }


def mark(value: object) -> str:
    """A mark of a value, the same in every process: equal values have equal marks.

    Sees into dataclasses, collections and arrays; of other objects it sees the class alone.
    """
    seen = hashlib.blake2b(digest_size=6)
    for part in _parts(value):
        seen.update(part)
    return seen.hexdigest()


def _policy(policy: Participant) -> str:
    made, book = policy.make(), policy.rulebook
    parts = [made.describe(), policy.start, mark(made.snapshot())]
    if policy.exploration is not None:
        parts.append(str(policy.exploration))
    if book is not None:
        parts.append(f"{book.version}@{mark((book.text, book.rules))}")
    return ", ".join(parts)


def _known(context: Context) -> tuple[object, ...]:
    """What a simulation takes over of a context; the moment, the surface and responses are its own."""
    return (
        *(context.listener, context.history, context.follows, context.friends),
        *(context.dismissed_items, context.dismissed_shelves, context.previous_page),
    )


def _of_catalog(catalog: Catalog) -> tuple[object, ...]:
    """All that a catalogue was made from; the rest follows from it."""
    return catalog.as_of, catalog.items, catalog.editorial, catalog.listening, catalog.embeddings


def _limits(tools: Tools) -> str:
    builder = tools.builder
    return f"{builder.min_items} to {builder.max_items} items, {builder.max_shelves} shelves"


def _parts(value: object) -> Iterator[bytes]:
    """A value as bytes, each thing with its kind and its length, so that no two values run together."""
    if isinstance(value, Enum):
        yield from _parts(value.value)
    elif isinstance(value, _PLAIN):
        yield _framed(type(value).__name__, repr(value).encode())
    elif isinstance(value, np.generic):
        yield from _parts(value.item())
    elif isinstance(value, np.ndarray):
        yield _framed(f"{value.dtype}{value.shape}", np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Mapping):
        yield from _unordered("mapping", value.items())
    elif isinstance(value, frozenset | set):
        yield from _unordered("set", value)
    elif isinstance(value, list | tuple):
        yield _framed("sequence", str(len(value)).encode())
        for one in value:
            yield from _parts(one)
    else:
        yield from _of_object(value)


def _of_object(value: object) -> Iterator[bytes]:
    """A dataclass by its fields, and what has nothing to tell by its class. Raises TypeError for others."""
    yield _framed("object", type(value).__qualname__.encode())
    if is_dataclass(value):
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif getattr(value, "__dict__", None) or getattr(value, "__slots__", None):
        raise TypeError(f"{type(value).__qualname__} decides the result: make it a dataclass, to compare it")


def _unordered(kind: str, values: Iterable[object]) -> Iterator[bytes]:
    each = sorted(b"".join(_parts(one)) for one in values)
    yield _framed(kind, str(len(each)).encode())
    yield from each


def _framed(kind: str, content: bytes) -> bytes:
    return f"{kind}:{len(content)}:".encode() + content
