"""What convolutions, transposed ones and their gradients do."""

from convnotes.documentation.parts import CONVOLUTION, TRANSPOSED, Description

_GUIDE = "Dumoulin and Visin, arXiv 1603.07285, section"
_WEIGHT_SIZE = "The shape of the weight, which is that of the result."

DESCRIPTIONS = {
    "conv2d": Description(
        does="The convolution of an input with a weight, as deep learning uses the word: their cross-correlation.",
        equation="""
Y[n, f, y, x] = b[f] + sum over c, i, j of
                X[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W] * K[f, c, i, j]
""",
        explained="X is the input padded with zeros, K the weight, S the stride, D the dilation, and C the first of "
        "the input channels that filter f reads, 0 where groups is 1.",
        parameters=CONVOLUTION,
        returns=(
            "array, shape (N, C_out, H_Y, W_Y)",
            "H_Y = floor((H + top + bottom - D_H*(kH-1) - 1) / S_H) + 1, and W_Y alike.",
        ),
        example=("conv2d([[[[1, 2, 3]]]], [[[[1, 1]]]])", "array([[[[3., 5.]]]])"),
        derived="01_convolution",
        source=f"{_GUIDE} 2",
    ),
    "conv2d_grad_input": Description(
        does="The gradient of `conv2d` with respect to its input, by way of the products that each entry is part of.",
        equation="""
dX[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W]
    += dY[n, f, y, x] * K[f, c, i, j]
for every n, f, y, x, c, i, j; then the padding is cropped
""",
        explained="Entries of the input that no window covers have the gradient 0.",
        parameters=CONVOLUTION,
        returns=("array, shape input_size", ""),
        example=("conv2d_grad_input((1, 1, 1, 3), [[[[1, 1]]]], [[[[1, 1]]]])", "array([[[[1., 2., 1.]]]])"),
        derived="03_backpropagation",
    ),
    "conv2d_grad_weight": Description(
        does="The gradient of `conv2d` with respect to its weight.",
        equation="""
dK[f, c, i, j] = sum over n, y, x of
                 dY[n, f, y, x] * X[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W]
""",
        explained="X is the input padded with zeros. The result has the weight's size, whatever a stride leaves.",
        parameters=CONVOLUTION | {"weight_size": ("(C_out, C_in/groups, kH, kW)", _WEIGHT_SIZE)},
        returns=("array, shape weight_size", ""),
        example=("conv2d_grad_weight([[[[1, 2, 3]]]], (1, 1, 1, 2), [[[[1, 1]]]])", "array([[[[3., 5.]]]])"),
        derived="03_backpropagation",
    ),
    "conv_transpose2d": Description(
        does="The transposed convolution: every entry of the input stamps the weight, scaled by it, onto a canvas.",
        equation="""
Y[n, C+c, y*S_H + i*D_H - P_H, x*S_W + j*D_W - P_W]
    += X[n, f, y, x] * K[f, c, i, j]
for every n, f, y, x, c, i, j; then the bias is added
""",
        explained="It is also called fractionally-strided convolution or, wrongly, deconvolution. It is the input "
        "gradient of `conv2d` with the same weight.",
        parameters=TRANSPOSED,
        returns=(
            "array, shape (N, C_out, H_Y, W_Y)",
            "H_Y = (H - 1)*S_H - 2*P_H + D_H*(kH-1) + 1 + output_padding_H, and W_Y alike.",
        ),
        example=("conv_transpose2d([[[[1, 2]]]], [[[[1, 1]]]])", "array([[[[1., 3., 2.]]]])"),
        derived="04_transposed_convolution",
        source=f"{_GUIDE} 4",
    ),
    "conv_transpose2d_grad_input": Description(
        does="The gradient of `conv_transpose2d` with respect to its input: an ordinary convolution of grad_output.",
        equation="""
dX[n, f, y, x] = sum over c, i, j of
    dY[n, C+c, y*S_H + i*D_H - P_H, x*S_W + j*D_W - P_W] * K[f, c, i, j]
""",
        explained="What was cropped counts as 0.",
        parameters=TRANSPOSED,
        returns=("array, shape input_size", ""),
        example=("conv_transpose2d_grad_input((1, 1, 1, 2), [[[[1, 1]]]], [[[[1, 2, 3]]]])", "array([[[[3., 5.]]]])"),
        derived="04_transposed_convolution",
    ),
    "conv_transpose2d_grad_weight": Description(
        does="The gradient of `conv_transpose2d` with respect to its weight, as of a convolution of grad_output.",
        equation="""
dK[f, c, i, j] = sum over n, y, x of
    dY[n, C+c, y*S_H + i*D_H - P_H, x*S_W + j*D_W - P_W] * X[n, f, y, x]
""",
        explained="What was cropped counts as 0.",
        parameters=TRANSPOSED | {"weight_size": ("(C_in, C_out/groups, kH, kW)", _WEIGHT_SIZE)},
        returns=("array, shape weight_size", ""),
        example=("conv_transpose2d_grad_weight([[[[1, 2]]]], (1, 1, 1, 2), [[[[1, 2, 3]]]])", "array([[[[5., 8.]]]])"),
        derived="04_transposed_convolution",
    ),
}
