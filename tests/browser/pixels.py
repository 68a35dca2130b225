"""Count colours in a screenshot."""

import warnings

import numpy as np
from rasterio.io import MemoryFile

SERVED, UNSERVED, WATER = (0x0B, 0x7A, 0x75), (0xF2, 0xA0, 0x3D), (0xA9, 0xCF, 0xE3)


def pixels(png, colour, *, tolerance=10):
    """How many pixels of a PNG have the colour, give or take `tolerance` in each channel."""
    with warnings.catch_warnings():
        # A screenshot lies nowhere on Earth, of which rasterio warns.
        warnings.simplefilter("ignore")
        with MemoryFile(png) as file, file.open() as image:
            bands = image.read()[:3].astype(int)
    near = np.abs(bands - np.array(colour)[:, None, None]) <= tolerance
    return int(near.all(axis=0).sum())
