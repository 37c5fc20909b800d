"""Painters: how the phantom becomes stored samples."""

import numpy as np

from generators.kinds.kind import Painter, Scene
from generators.phantom import Frame, colour


def grey(bits: int, dtype: str = "<u2") -> Painter:
    """Paint the grey phantom over the whole range of `bits`."""

    def paint(scene: Scene, frame: int) -> Frame:
        picture = scene.grey(frame)
        picture *= np.float32(2**bits - 1)
        return picture.astype(dtype)

    return paint


def tinted(scene: Scene, frame: int) -> Frame:
    """Paint the phantom in RGB; all frames of an instance have one tint."""
    return colour(scene.grey(frame), scene.instance.number)
