"""What the bias, both pools, local response normalization and their gradients do."""

from convnotes.documentation.parts import PAIR, POOL, Description

_IMAGES = ("array_like, shape (N, C, H, W)", "Images.")
_BIAS = {"input": _IMAGES, "bias": ("array_like, shape (C,)", "One number for each channel.")}
_SAME = ("array, shape (N, C, H, W)", "")
_POOLED = "H_Y = floor((H + 2*P_H - D_H*(kH-1) - 1) / S_H) + 1, rounded up with ceil_mode, and W_Y alike"
_MAXIMUM = POOL | {
    "padding": (PAIR, "At most half of kernel_size; padded entries count as minus infinity."),
    "ties": (
        '"first" or "all"',
        "Who has the gradient where entries of a window are equally large: the first in row-major order, or each of "
        "them all of it, as the equation reads.",
    ),
}
_MEAN = POOL | {
    "padding": (PAIR, "At most half of kernel_size; padded entries count as 0."),
    "count_include_pad": (
        "bool",
        "Whether padded entries count too. Those over which a window of ceil_mode hangs never do.",
    ),
    "divisor_override": ("int or None", "A number other than 0 to divide by instead."),
}
_RESPONSE = {
    "input": _IMAGES,
    "grad_output": (_IMAGES[0], "The gradient of the loss with respect to the output of `local_response_norm`."),
    "size": ("int", "How many channels a window has, at least 1."),
    "alpha": ("float", "At least 0. It is divided by size: the alpha of the paper, which is not, is alpha/size here."),
    "beta": ("float", "The power of the denominator."),
    "k": ("float", "Above 0."),
}
_ALEXNET = "Krizhevsky et al., ImageNet classification with deep convolutional neural networks (2012), section 3.3"

DESCRIPTIONS = {
    "bias_add": Description(
        does="One number for each channel, added at every position.",
        equation="Y[n, c, h, w] = X[n, c, h, w] + b[c]",
        explained="",
        parameters=_BIAS,
        returns=_SAME,
        example=("bias_add([[[[1, 2]]]], [10])", "array([[[[11., 12.]]]])"),
        derived="05_bias",
    ),
    "bias_grad": Description(
        does="The gradient of a bias: the sum of what arrives at its channel.",
        equation="db[c] = sum over n, h, w of dY[n, c, h, w]",
        explained="",
        parameters={"grad_output": (_IMAGES[0], "The gradient of the loss with respect to the output of `bias_add`.")},
        returns=("array, shape (C,)", ""),
        example=("bias_grad([[[[1, 2, 3]]]])", "array([6.])"),
        derived="05_bias",
    ),
    "max_pool2d": Description(
        does="The maximum of every window of every channel.",
        equation="""
Y[n, c, y, x] = maximum of X[n, c, h, w]
                over the entries (h, w) that window (y, x) covers
""",
        explained="Not-a-number in a window gives not-a-number. A dilated window that lies wholly on the padding gives "
        "minus infinity.",
        parameters=_MAXIMUM,
        returns=("array, shape (N, C, H_Y, W_Y)", f"{_POOLED}."),
        example=("max_pool2d([[[[1, 3, 2, 4]]]], (1, 2))", "array([[[[3., 4.]]]])"),
        derived="07_pooling",
    ),
    "max_pool2d_grad_input": Description(
        does="The gradient of `max_pool2d`: each window hands its gradient to its maximum.",
        equation="""
dX[n, c, h, w] += dY[n, c, y, x]
where X[n, c, h, w] is the maximum of window (y, x)
""",
        explained="Not-a-number counts as a maximum. From a window that lies wholly on the padding no gradient flows.",
        parameters=_MAXIMUM,
        returns=("array, shape of input", ""),
        example=("max_pool2d_grad_input([[[[1, 3, 2, 4]]]], [[[[5, 6]]]], (1, 2))", "array([[[[0., 5., 0., 6.]]]])"),
        derived="07_pooling",
    ),
    "avg_pool2d": Description(
        does="The mean of every window of every channel.",
        equation="""
Y[n, c, y, x] = sum of X[n, c, h, w] over the entries (h, w)
                of window (y, x), divided by their number
""",
        explained="",
        parameters=_MEAN,
        returns=("array, shape (N, C, H_Y, W_Y)", f"{_POOLED}; D is 1."),
        example=("avg_pool2d([[[[1, 3, 2, 4]]]], (1, 2))", "array([[[[2., 3.]]]])"),
        derived="07_pooling",
    ),
    "avg_pool2d_grad_input": Description(
        does="The gradient of `avg_pool2d`: each window hands an equal share of its gradient to every entry it covers.",
        equation="""
dX[n, c, h, w] += dY[n, c, y, x] / (number of entries)
for every entry (h, w) of window (y, x)
""",
        explained="",
        parameters=_MEAN,
        returns=("array, shape input_size", ""),
        example=("avg_pool2d_grad_input((1, 1, 1, 4), [[[[2, 4]]]], (1, 2))", "array([[[[1., 1., 2., 2.]]]])"),
        derived="07_pooling",
    ),
    "local_response_norm": Description(
        does="Each channel divided by a power of its neighbours' energy at the same position.",
        equation="""
Y[n, c, h, w] = X[n, c, h, w] * D^-beta
D = k + alpha/size * sum over d of X[n, d, h, w]^2
""",
        explained="The sum runs over the channels d from c - size//2 to c + (size-1)//2, as far as they exist.",
        parameters=_RESPONSE,
        returns=_SAME,
        example=("local_response_norm([[[[1]]]], 1, alpha=3, beta=0.5)", "array([[[[0.5]]]])"),
        derived="08_local_response_normalization",
        source=f"{_ALEXNET}; window and alpha as torch has them",
    ),
    "local_response_norm_grad_input": Description(
        does="The gradient of `local_response_norm` with respect to its input.",
        equation="""
dX[c] += dY[c] * D[c]^-beta
dD[c]  = -beta * dY[c] * X[c] * D[c]^(-beta-1)
dX[d] += dD[c] * 2 * alpha/size * X[d]  for every d in the window of c
""",
        explained="That holds at every n, h, w and for every channel c, with D as in `local_response_norm`.",
        parameters=_RESPONSE,
        returns=("array, shape of input", ""),
        example=("local_response_norm_grad_input([[[[1]]]], [[[[1]]]], 1, alpha=3, beta=0.5)", "array([[[[0.125]]]])"),
        derived="08_local_response_normalization",
    ),
}
