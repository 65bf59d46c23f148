"""Live servers measured from outside: one paced harness, the same sound, the same weights, the same cores."""
