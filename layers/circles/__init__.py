"""Circles: the coverage analyses, one file each."""
