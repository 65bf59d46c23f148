"""Formats that texts are handed out in, one file each: pure functions from cues to text."""
