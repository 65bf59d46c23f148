"""Corrections -> dataset snapshot -> run -> model -> evaluation -> promotion."""
