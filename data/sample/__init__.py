"""The Lanzhou sample."""
