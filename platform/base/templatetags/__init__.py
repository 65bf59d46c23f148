"""Filters that every app's templates share."""
