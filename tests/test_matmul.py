"""im2col, col2im and the Toeplitz matrix against the equations they stand for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convnotes import check, layout, matmul, naive
from convnotes.check import error
from convnotes.proof import problems

seeds = st.integers(0, 2**32)


def unweighted(case) -> dict:
    return {name: case.options[name] for name in ("stride", "padding", "dilation")}


@given(problems.convolutions(), seeds)
def test_im2col_by_its_equation(case, seed):
    X, p = problems.operands(case, seed)["input"], case.windows
    padded, M = layout.pad(X, p.padding), matmul.im2col(X, p.kernel, **unweighted(case))
    expected = np.empty((*X.shape[:2], *p.kernel, *p.count))
    for n, c, i, j, y, x in np.ndindex(expected.shape):
        h, w = y * p.stride[0] + i * p.dilation[0], x * p.stride[1] + j * p.dilation[1]
        expected[n, c, i, j, y, x] = padded[n, c, h, w]
    assert M.shape == (len(X), X.shape[1] * p.area, p.positions)
    assert np.array_equal(M, expected.reshape(M.shape))


@given(problems.convolutions(), seeds)
def test_col2im_is_the_transpose_of_im2col(case, seed):
    X, p, rng = problems.operands(case, seed)["input"], case.windows, np.random.default_rng(seed)
    A = rng.standard_normal((len(X), X.shape[1] * p.area, p.positions))
    check.adjoint(
        "im2col",
        lambda x: matmul.im2col(x, p.kernel, **unweighted(case)),
        lambda a: matmul.col2im(a, X.shape, p.kernel, **unweighted(case)),
        X,
        A,
    )


@given(problems.convolutions(), seeds)
def test_toeplitz_is_the_convolution_as_one_matrix(case, seed):
    drawn = problems.operands(case, seed)
    T = matmul.toeplitz(drawn["weight"], case.input_size, **case.options)
    assert T.shape == (np.prod(case.output_size), np.prod(case.input_size))
    Y = naive.conv2d(drawn["input"], drawn["weight"], **case.options)
    dX = naive.conv2d_grad_input(case.input_size, drawn["weight"], drawn["grad_output"], **case.options)
    assert error(T @ drawn["input"].ravel(), Y.ravel()) < 1e-12
    assert error(T.T @ drawn["grad_output"].ravel(), dX.ravel()) < 1e-12


@given(problems.transposed_convolutions(), seeds)
def test_the_transpose_of_toeplitz_is_the_transposed_convolution(case, seed):
    drawn, options = problems.operands(case, seed), dict(case.options)
    if any(rest >= S for rest, S in zip(options.pop("output_padding"), options["stride"])):
        return  # such an output has room for further windows, which conv2d would use
    T = matmul.toeplitz(drawn["weight"], case.output_size, **options)
    Y = naive.conv_transpose2d(drawn["input"], drawn["weight"], **case.options)
    assert error(T.T @ drawn["input"].ravel(), Y.ravel()) < 1e-12


def test_toeplitz_keeps_the_precision():
    assert matmul.toeplitz(np.ones((1, 1, 2, 2), np.float32), (1, 1, 3, 3)).dtype == np.float32
