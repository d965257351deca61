"""Parity with other libraries: their answers, frozen with what they were given."""
