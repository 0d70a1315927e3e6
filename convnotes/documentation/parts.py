"""What descriptions of operations are made of: their form, and the parameters that several of them share."""

from typing import NamedTuple


class Description(NamedTuple):
    """What an operation does, whoever does it.

    does: in one sentence; equation: index by index; explained: what stands in the equation, and what is special
    parameters: what each is, and in words; those that are not here are `SHARED`
    returns: the shape, and what decides it
    example: a call and what it gives
    derived: the notebook; source: where it is from, if not from everywhere
    """

    does: str
    equation: str
    explained: str
    parameters: dict[str, tuple[str, str]]
    returns: tuple[str, str]
    example: tuple[str, str]
    derived: str
    source: str = ""


PAIR = "int or pair"

# Parameters of the same name and meaning wherever they occur.
SHARED = {
    "bias": ("array_like, shape (C_out,), or None", "One number for each channel of the output."),
    "stride": (PAIR, "How far windows lie apart. A pair is (vertical, horizontal), here and below."),
    "dilation": (PAIR, "How far the entries of a window lie apart: 1 where they lie side by side."),
    "input_size": ("(N, C_in, H, W)", "The shape of the input, which is that of the result."),
}

# Of conv2d and its gradients.
CONVOLUTION = SHARED | {
    "input": ("array_like, shape (N, C_in, H, W)", "Images."),
    "weight": ("array_like, shape (C_out, C_in/groups, kH, kW)", "One filter for each channel of the output."),
    "padding": (
        'int, pair, pair of pairs, "valid" or "same"',
        'Rows and columns of zeros around each image; of pairs ((top, bottom), (left, right)). "valid" is none, and '
        '"same", with stride 1 only, what keeps the image\'s size.',
    ),
    "groups": ("int", "Divides C_in and C_out; the filters of one group read only their share of the channels."),
    "grad_output": (
        "array_like, shape (N, C_out, H_Y, W_Y)",
        "The gradient of the loss with respect to the output of `conv2d`.",
    ),
}

# Of conv_transpose2d and its gradients.
TRANSPOSED = SHARED | {
    "input": ("array_like, shape (N, C_in, H, W)", "Images, whose channels are the equation's f."),
    "weight": (
        "array_like, shape (C_in, C_out/groups, kH, kW)",
        "One stamp for each channel of the input, of all channels of the output that it writes to.",
    ),
    "stride": (PAIR, "How far stamps lie apart. A pair is (vertical, horizontal), here and below."),
    "padding": (PAIR, "Rows and columns that are cropped from each side of the result."),
    "output_padding": (PAIR, "Rows and columns that are added at its end, fewer than max(stride, dilation)."),
    "groups": ("int", "Divides C_in; the input channels of one group write only to their share of the output's."),
    "dilation": (PAIR, "How far the entries of a stamp lie apart: 1 where they lie side by side."),
    "grad_output": (
        "array_like, shape (N, C_out, H_Y, W_Y)",
        "The gradient of the loss with respect to the output of `conv_transpose2d`.",
    ),
}

# Of both pools and their gradients.
POOL = SHARED | {
    "input": ("array_like, shape (N, C, H, W)", "Images."),
    "input_size": ("(N, C, H, W)", "The shape of the input, which is that of the result."),
    "kernel_size": (PAIR, "Rows and columns of a window. A pair is (vertical, horizontal), here and below."),
    "stride": ("int, pair or None", "How far windows lie apart; None stands for kernel_size."),
    "ceil_mode": (
        "bool",
        "Whether to keep a last window that hangs over the end, if it starts on the input or the padding before it.",
    ),
    "grad_output": (
        "array_like, shape (N, C, H_Y, W_Y)",
        "The gradient of the loss with respect to the output of the pool.",
    ),
}

# The dtype of every result, and what every operation refuses.
DTYPE = (
    "The dtype is numpy.result_type of the arrays and float32: float32 stays float32, float64 stays float64, integers "
    "and float16 are promoted. No argument is changed, and any memory layout is accepted."
)
RAISES = {
    "ValueError": "For a shape or a parameter that cannot work, in a sentence that names it, its value and the rule.",
    "TypeError": "For one of the wrong kind, such as complex numbers or a masked array.",
}
