"""The envelope of policy snapshots: one JSON line that says whose state follows, then the state.

The line makes a snapshot that belongs to another policy, configuration or feature schema an error at load
instead of a model that scores nonsense.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from bandits.features import FEATURE_SCHEMA_VERSION

_FORMAT = 1


def pack(policy: str, config: Mapping[str, object], state: bytes = b"") -> bytes:
    """Wrap the `state` of a policy with its name and its JSON-compatible configuration."""
    return _header(policy, config) + b"\n" + state


def unpack(data: bytes, policy: str, config: Mapping[str, object]) -> bytes:
    """The state inside a snapshot of exactly this policy and configuration.

    Raises ValueError naming the first field that differs, or saying that `data` is no snapshot.
    """
    line, separator, state = data.partition(b"\n")
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not separator or not isinstance(found, dict):
        raise ValueError("not a policy snapshot: its first line is not a JSON header")
    _check(found, json.loads(_header(policy, config)))
    return state


def _header(policy: str, config: Mapping[str, object]) -> bytes:
    fields = {"format": _FORMAT, "features": FEATURE_SCHEMA_VERSION, "policy": policy, "config": config}
    return json.dumps(fields, sort_keys=True).encode()


def _check(found: dict[str, object], expected: dict[str, object]) -> None:
    for name in ("format", "features", "policy"):
        if found.get(name) != expected[name]:
            raise ValueError(_mismatch(name, found.get(name), expected[name]))
    theirs, ours = _config(found), _config(expected)
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            raise ValueError(_mismatch(f"config.{name}", theirs.get(name), ours.get(name)))


def _config(header: dict[str, object]) -> dict[str, object]:
    config = header.get("config")
    return config if isinstance(config, dict) else {}


def _mismatch(name: str, found: object, expected: object) -> str:
    return (
        f"snapshot has {name} = {found!r} but {expected!r} is configured:"
        " configure what the snapshot was trained with, or start anew with `home setup --new-model`"
    )
