"""The demo hospital: three sites with their own rooms, ninety recordings, frozen evaluation sets.

Made by the same services that a real hospital uses. The reference texts lie apart, for the simulated
expert and the scorer only.
"""
