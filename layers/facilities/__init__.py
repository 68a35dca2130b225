"""Facility layers, declared: one file each."""
