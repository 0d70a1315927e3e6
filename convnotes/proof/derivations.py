"""Which notebook and section derives a rule, so that whoever breaks it knows where to read."""

NOTEBOOKS = {
    "01": "notebooks/01_convolution.ipynb",
    "02": "notebooks/02_padding_and_dilation.ipynb",
    "03": "notebooks/03_backpropagation.ipynb",
    "04": "notebooks/04_transposed_convolution.ipynb",
    "05": "notebooks/05_bias.ipynb",
    "07": "notebooks/07_pooling.ipynb",
    "08": "notebooks/08_local_response_normalization.ipynb",
}

# By operation, or by layer: what a rule says, and the section. The entry "" is for all other rules.
SECTIONS = {
    "conv2d": {
        "one channel and one filter": ("01", "3. Two axes"),
        "stride": ("01", "2. Stride, and how many windows fit"),
        "a stride that leaves a remainder": ("01", "2. Stride, and how many windows fit"),
        "every remainder of the stride": ("01", "2. Stride, and how many windows fit"),
        "padding": ("02", "1. Zeros around the image"),
        "padding of four sides": ("02", "2. Same, valid, and sides that differ"),
        "padding 'same' and 'valid'": ("02", "2. Same, valid, and sides that differ"),
        "a kernel as large as the padded input": ("02", "1. Zeros around the image"),
        "dilation": ("02", "3. Dilation"),
        "groups": ("02", "6. Groups"),
        "bias": ("05", "1. One number for each channel"),
        "": ("01", "4. Channels, filters and images"),
    },
    "conv2d_grad_input": {
        "one channel and one filter": ("03", "2. The gradient of the input, on one axis"),
        "stride": ("03", "3. Stride puts zeros between"),
        "a stride that leaves a remainder": ("03", "4. Where the textbook formulas break"),
        "every remainder of the stride": ("03", "4. Where the textbook formulas break"),
        "padding": ("03", "7. Padding, dilation and groups"),
        "padding of four sides": ("03", "7. Padding, dilation and groups"),
        "dilation": ("03", "7. Padding, dilation and groups"),
        "groups": ("03", "7. Padding, dilation and groups"),
        "": ("03", "5. Channels and images change places"),
    },
    "conv2d_grad_weight": {
        "one channel and one filter": ("03", "1. The gradient of the weights, on one axis"),
        "stride": ("03", "3. Stride puts zeros between"),
        "a stride that leaves a remainder": ("03", "4. Where the textbook formulas break"),
        "every remainder of the stride": ("03", "4. Where the textbook formulas break"),
        "padding": ("03", "7. Padding, dilation and groups"),
        "padding of four sides": ("03", "7. Padding, dilation and groups"),
        "dilation": ("03", "7. Padding, dilation and groups"),
        "groups": ("03", "7. Padding, dilation and groups"),
        "": ("03", "5. Channels and images change places"),
    },
    "conv_transpose2d": {
        "one channel and one filter": ("04", "1. Stamps"),
        "output_padding": ("04", "4. The remainder that nobody can know"),
        "every output_padding": ("04", "4. The remainder that nobody can know"),
        "bias": ("05", "1. One number for each channel"),
        "": ("04", "3. Zeros between, then a convolution"),
    },
    "conv_transpose2d_grad_input": {"": ("04", "5. Its own gradients")},
    "conv_transpose2d_grad_weight": {"": ("04", "5. Its own gradients")},
    "bias_add": {"": ("05", "1. One number for each channel")},
    "bias_grad": {"": ("05", "2. The gradient of a copy is a sum")},
    "max_pool2d": {
        "padding": ("07", "3. What padding is worth"),
        "a window wholly on the padding": ("07", "3. What padding is worth"),
        "ceil_mode": ("07", "4. The last window"),
        "": ("07", "1. The largest in each window"),
    },
    "max_pool2d_grad_input": {
        "padding": ("07", "3. What padding is worth"),
        "a window wholly on the padding": ("07", "3. What padding is worth"),
        "ceil_mode": ("07", "4. The last window"),
        "": ("07", "2. The gradient and its ties"),
    },
    "avg_pool2d": {"ceil_mode": ("07", "4. The last window"), "": ("07", "5. The mean")},
    "avg_pool2d_grad_input": {"ceil_mode": ("07", "4. The last window"), "": ("07", "5. The mean")},
    "local_response_norm": {
        "an even size": ("08", "2. One name, three layers"),
        "alpha": ("08", "2. One name, three layers"),
        "": ("08", "1. One neuron and its neighbours"),
    },
    "local_response_norm_grad_input": {"": ("08", "3. The gradient, line by line")},
}

WITNESSES = f"{NOTEBOOKS['03']}, section '8. Three witnesses'"


def help_of(operation: str) -> str:
    """Where it stands what arrays and parameters may be."""
    return f"help(convnotes.naive.{operation})"


def of(operation: str, says: str) -> str:
    """The notebook's path and the section's heading."""
    sections = SECTIONS[operation]
    number, heading = sections.get(says, sections[""])
    return f"{NOTEBOOKS[number]}, section {heading!r}"
