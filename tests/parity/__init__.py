"""Agreement with the Open Bandit Pipeline (obp), estimator by estimator.

obp lives in an environment of its own, which `make test-parity` builds; `obp_side` and `freeze_slates` run
there. What it says of synthetic rounds is kept, for tests without it, in `obp_values.json` and `slates.json`:

    python -m tests.parity.freeze .venv-parity/bin/python
"""
