"""Typing while everything breaks: what is on the server afterwards is what was typed."""
