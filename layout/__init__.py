"""Where each shelf goes: rules, a constraint solver, and a checker that trusts neither."""
