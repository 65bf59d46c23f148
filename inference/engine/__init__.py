"""The one process that owns the device: audio in over HTTP, hypotheses out. Imports no Django."""
