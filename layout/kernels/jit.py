"""How kernels are compiled: on first use, cached on disk, without Python's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def kernel(function: Kernel) -> Kernel:
    """Compile a function of NumPy arrays and numbers to machine code."""
    return cast("Kernel", njit(cache=True, nogil=True)(function))
