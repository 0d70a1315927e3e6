"""The problems of the notebook that this project grew out of, each chosen there to show one trap."""

from convnotes.cases.case import Case

CASES = (
    Case("founding/stride 1", "conv2d", (2, 3, 17, 23), (4, 3, 5, 8)),
    Case("founding/stride complete", "conv2d", (2, 3, 17, 24), (4, 3, 5, 8), {"stride": (3, 4)}),
    Case("founding/stride partial", "conv2d", (2, 3, 19, 26), (4, 3, 5, 8), {"stride": (3, 4)}),
    Case("founding/padded", "conv2d", (2, 3, 19, 26), (4, 3, 5, 8), {"stride": (3, 4), "padding": (7, 10)}),
    Case("founding/gradients", "conv2d", (2, 3, 17, 24), (4, 3, 5, 8), {"stride": (3, 4), "padding": (6, 8)}),
    Case("founding/transposed", "conv_transpose2d", (2, 4, 9, 9), (4, 3, 5, 8), {"stride": (3, 4), "padding": (6, 8)}),
    Case("founding/bias", "bias_add", (4, 6, 8, 9)),
    Case("founding/pool apart", "max_pool2d", (2, 3, 18, 17), None, {"kernel_size": (2, 3), "stride": (4, 5)}),
    Case("founding/pool tiling", "max_pool2d", (1, 1, 6, 6), None, {"kernel_size": 2, "stride": 2}),
    Case("founding/pool overlapping", "max_pool2d", (1, 1, 5, 5), None, {"kernel_size": 2, "stride": 1}),
    Case("founding/pool batch", "max_pool2d", (2, 3, 9, 7), None, {"kernel_size": (3, 2), "stride": (2, 1)}),
    Case("founding/normalization", "local_response_norm", (2, 14, 9, 7), None, {"size": 6, "alpha": 6e-4}),
)
