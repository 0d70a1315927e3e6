"""The founding notebook's functions under the names of the vocabulary: `convnotes check examples/founding_notebook.py`.

The check finds by itself what is wrong with them. What they never had, such as a padding of their forward convolution,
they do not offer. Their alpha is that of the paper, which torch divides by the size.
"""

import numpy as np

import founding


def _pair(value):
    return value if isinstance(value, tuple) else (value, value)


def conv2d(input, weight, stride=1):
    return founding.conv2d(input, weight, *_pair(stride))


def conv2d_grad_input(input_size, weight, grad_output, stride=1, padding=0):
    return founding.conv2d_padded_dx(weight, grad_output, *_pair(stride), *_pair(padding))


def conv2d_grad_weight(input, weight_size, grad_output, stride=1, padding=0):
    return founding.conv2d_padded_dk(input, grad_output, *_pair(stride), *_pair(padding))


def bias_add(input, bias):
    return founding.conv2d_bias_add(input, bias)


def max_pool2d_grad_input(input, grad_output, kernel_size, stride=None):
    kernel, stride = _pair(kernel_size), _pair(stride or kernel_size)
    windows = np.lib.stride_tricks.sliding_window_view(input, kernel, axis=(2, 3))
    maxima = windows[:, :, :: stride[0], :: stride[1]].max(axis=(4, 5))
    return founding.maxpool_dk(input, maxima, grad_output, *kernel, *stride)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    return founding.local_response_norm(size, alpha / size, beta, k, input)


def local_response_norm_grad_input(input, grad_output, size, alpha=1e-4, beta=0.75, k=1.0):
    return founding.local_response_norm_dX(size, alpha / size, beta, k, input, grad_output)
