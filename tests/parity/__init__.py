"""Agreement with the Open Bandit Pipeline (obp), estimator by estimator.

obp needs packages older than ours, so it lives in an environment of its own, which `make test-parity` builds;
`obp_side` runs there. What obp says of synthetic rounds is kept in `obp_values.json`, for tests without it:

    python -m tests.parity.freeze .venv-parity/bin/python
"""
