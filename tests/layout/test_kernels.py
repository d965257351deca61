"""What keeps compiled kernels sound on disk."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import layout.kernels

FILES = sorted(Path(layout.kernels.__path__[0]).glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_kernel_file_takes_compiled_code_from_another(path: Path) -> None:
    """The cache of a file's machine code does not see changes in other files that it was inlined from."""
    imported = [
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    ]
    assert {name for name in imported if name.startswith("layout.")} <= {"layout.kernels.jit", "layout.types"}


def test_there_are_kernels_to_check() -> None:
    assert {path.stem for path in FILES} >= {"assemble", "price", "search", "support", "within"}


def test_warming_compiles_all_that_requests_need() -> None:
    """In a process of its own: after `warm`, nothing more is compiled to lay out and draw."""
    program = """
import importlib, pkgutil
import layout.kernels
from layout.lookahead import LookAhead
from layout.objective import page_worth
from layout.portfolio import portfolio
from layout.solve import effective, solve
from layout.warm import warm
from tests.layout.random_rows import random_problem

names = [module.name for module in pkgutil.iter_modules(layout.kernels.__path__)]
kernels = {
    f"{name}.{attribute}": kernel
    for name in names
    for attribute, kernel in vars(importlib.import_module(f"layout.kernels.{name}")).items()
    if hasattr(kernel, "nopython_signatures")
}

def compiled():
    return {name: len(kernel.nopython_signatures) for name, kernel in kernels.items()}

warm()
before = compiled()
for seed in range(40):
    made = random_problem(seed)
    result = solve(made, deadline_s=60.0)
    if result.page:
        kept = effective(made, result)
        LookAhead(kept, result.page).supported(())
        value = page_worth(kept.values, result.page)
        LookAhead(kept, result.page, value - 20).along(result.page)
        portfolio(kept, result.page, 4, value - 20)
assert compiled() == before, {n: c for n, c in compiled().items() if c != before[n]}
assert sum(before.values()) > 10
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)
