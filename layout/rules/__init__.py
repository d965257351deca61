"""Layout rules, one class per kind."""
