"""Explain: why one place is served by a circle or not, and the least that would change it."""
