"""One convolution with one quantity varied at a time, for curves, and a grid of two quantities, for a map.

The base is one image of 4 channels, 8 x 8, by 4 filters of 3 x 3: small enough for plain loops to follow a
quantity over two decades. The padding keeps the image's size, so
that the multiply-adds grow with the quantity alone. The base itself stands in every series in which its
value occurs.
"""

from typing import Any

from convnotes.cases.case import Case, convolution

IMAGES = (1, 4, 16, 64, 256, 1024, 4096)
CHANNELS = (1, 4, 16, 64, 256, 1024, 4096)
SIDES = (4, 8, 16, 32, 64, 128, 256, 512)
KERNELS = (1, 3, 5, 7, 9, 11)
GRID_KERNELS, GRID_CHANNELS = (1, 3, 5, 7), (1, 4, 16, 64)


def _same(name: str, C_in: int = 4, C_out: int = 4, k: int = 3, image: int = 8, **options: Any) -> Case:
    return convolution(f"scaling/{name}", C_in, C_out, k, image, padding=(k - 1) // 2, **options)


CASES = (
    *(_same(f"batch {N}", batch=N) for N in IMAGES),
    *(_same(f"channels in {C}", C_in=C) for C in CHANNELS),
    *(_same(f"channels out {C}", C_out=C) for C in CHANNELS),
    *(_same(f"image {side}", image=side) for side in SIDES),
    *(_same(f"kernel {k}", k=k) for k in KERNELS),
    *(
        _same(f"grid kernel {k} channels {C}", C_in=C, C_out=4, k=k, image=12, gradients=False)
        for k in GRID_KERNELS
        for C in GRID_CHANNELS
    ),
)
