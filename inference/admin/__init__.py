"""Inference in the admin: sessions to look at, keys to make and to end."""

from inference.admin import keys, sessions  # noqa: F401
