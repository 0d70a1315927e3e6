"""One moderate problem for every operation of the vocabulary, and for what a convolution's options change."""

from convnotes.cases.case import Case, convolution, pool

CASES = (
    convolution("ops/conv2d", 8, 8, 3, 16, padding=1, batch=2),
    convolution("ops/conv2d strided", 8, 8, 3, 16, stride=2, padding=1, batch=2),
    convolution("ops/conv2d grouped", 8, 8, 3, 16, padding=1, groups=4, batch=2),
    Case("ops/conv2d dilated", "conv2d", (2, 8, 16, 16), (8, 8, 3, 3), {"padding": 2, "dilation": 2}),
    Case("ops/conv_transpose2d", "conv_transpose2d", (2, 8, 8, 8), (8, 8, 4, 4), {"stride": 2, "padding": 1}),
    Case("ops/bias", "bias_add", (2, 16, 32, 32)),
    pool("ops/max pool", "max_pool2d", 16, 32, 3, 2, 1),
    pool("ops/average pool", "avg_pool2d", 16, 32, 3, 2, 1),
    Case("ops/normalization", "local_response_norm", (1, 16, 16, 16), None, {"size": 5}),
)
