"""What keeps compiled kernels sound on disk."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import layout.kernels

FOLDER = Path(layout.kernels.__path__[0])
FILES = sorted(FOLDER.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER).with_suffix("")))
def test_no_kernel_file_takes_compiled_code_from_another_folder(path: Path) -> None:
    """The cache of machine code does not see changes in other folders that it was inlined from."""
    imported = [
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    ]
    own = ".".join(("layout.kernels", *path.parent.relative_to(FOLDER).parts))
    elsewhere = {name for name in imported if name.startswith("layout.") and name.rpartition(".")[0] != own}
    assert elsewhere <= {"layout.kernels.jit", "layout.types"}


def test_machine_code_on_disk_follows_changes_in_the_files_that_it_was_inlined_from(tmp_path: Path) -> None:
    package = tmp_path / "inlined"
    package.mkdir()
    callee = package / "callee.py"
    (package / "caller.py").write_text(
        "from inlined.callee import number\n"
        "from layout.kernels.jit import kernel\n\n"
        "@kernel\ndef doubled() -> int:\n    return 2 * number()\n"
    )
    program = "from inlined.caller import doubled; print(doubled(), sum(doubled.stats.cache_hits.values()))"
    said = []
    for number in (1, 1, 20):
        text = (
            f"from layout.kernels.jit import kernel\n\n@kernel\ndef number() -> int:\n    return {number}\n"
        )
        if not callee.exists() or callee.read_text() != text:
            callee.write_text(text)
        said.append(
            subprocess.run(
                [sys.executable, "-c", program],
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path))},
            ).stdout.split()
        )
    assert said == [["2", "0"], ["2", "1"], ["40", "0"]]


def test_there_are_kernels_to_check() -> None:
    assert {path.stem for path in FILES} >= {"assemble", "price", "search", "support", "within", "dual"}


def test_warming_compiles_all_that_requests_need() -> None:
    """In a process of its own: after `warm`, nothing more is compiled to lay out and draw."""
    program = """
import importlib, pkgutil
from dataclasses import replace
import layout.kernels
from layout.lookahead import LookAhead
from layout.objective import page_worth
from layout.portfolio import portfolio
from layout.solve import effective, solve
from layout.warm import warm
from tests.layout.instances import problem
from tests.layout.random_rows import random_problem

names = [module.name for module in pkgutil.walk_packages(layout.kernels.__path__, "layout.kernels.")]
kernels = {
    f"{name}.{attribute}": kernel
    for name in names
    for attribute, kernel in vars(importlib.import_module(name)).items()
    if hasattr(kernel, "nopython_signatures")
}

def compiled():
    return {name: len(kernel.nopython_signatures) for name, kernel in kernels.items()}

warm()
before = compiled()
large = [problem(seed, 40, 12) for seed in (8, 12)]
crowded = problem(0, 12, 4, crowding=2.0)
alone = replace(crowded, rules=tuple(rule for rule in crowded.rules if rule.id == "no-repeats"))
proofs = set()
for made in (*map(random_problem, range(40)), *large, alone):
    result = solve(made, deadline_s=60.0)
    proofs.add(result.proof)
    if result.page:
        kept = effective(made, result)
        LookAhead(kept, result.page).supported(())
        value = page_worth(kept.values, result.page)
        LookAhead(kept, result.page, value - 20).along(result.page)
        portfolio(kept, result.page, 4, value - 20)
assert compiled() == before, {n: c for n, c in compiled().items() if c != before[n]}
assert sum(before.values()) > 10
assert "branch and bound" in proofs, proofs
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)
