"""How kernels are compiled: on first use, cached on disk, without Python's lock."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def kernel(function: Kernel) -> Kernel:
    """Compile a function of NumPy arrays and numbers to machine code.

    It may call kernels of the files in its own folder, and no others: see `_FolderCache`.
    """
    compiled = njit(nogil=True)(function)
    vars(compiled)["_cache"] = _FolderCache(function)
    return cast("Kernel", compiled)


class _FolderCache(FunctionCache):
    """Machine code on disk that no longer holds once any file in the function's folder has changed.

    Numba looks at the function's own file alone and would go on with what it inlined from an older version
    of another.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        stamp = _stamp(Path(function.__code__.co_filename).parent)
        self._cache_file = IndexDataCacheFile(  # type: ignore[no-untyped-call]
            self.cache_path, self._impl.filename_base, stamp
        )


@lru_cache
def _stamp(folder: Path) -> tuple[tuple[str, float, int], ...]:
    """Name, time of change and size of each of the folder's modules."""
    files = sorted(folder.glob("*.py"))
    return tuple((file.name, file.stat().st_mtime, file.stat().st_size) for file in files)
