"""Editions and drafts: one protocol, several adapters."""
