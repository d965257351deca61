"""Reading TOML files that people write, so that a mistake is named by its file, field and value."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from home.errors import ConfigurationError

Parsed = TypeVar("Parsed")


def load_toml(path: Path, parse: Callable[[dict[str, Any]], Parsed]) -> Parsed:
    """What `parse` makes of a file; it may raise ValidationError or ValueError.

    Raises ConfigurationError naming the file and what is wrong with it.
    """
    try:
        return parse_toml(path.read_text("utf-8"), parse)
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such file; check the path") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: it cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, ConfigurationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def parse_toml(text: str, parse: Callable[[dict[str, Any]], Parsed]) -> Parsed:
    """What `parse` makes of a text. Raises ConfigurationError naming what is wrong with it."""
    try:
        return parse(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"it is not valid TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationError("; ".join(problems(error))) from error
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def problems(error: ValidationError) -> Iterator[str]:
    """Each field that is wrong, with its value and why."""
    for detail in error.errors():
        where = ".".join(map(str, detail["loc"]))
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "missing":
            yield f"{where} is missing"
        else:
            yield f"{where} is {detail['input']!r}: {message}" if where else message
