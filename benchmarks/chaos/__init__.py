"""Dictating while everything breaks: what is stored afterwards is what was said."""
