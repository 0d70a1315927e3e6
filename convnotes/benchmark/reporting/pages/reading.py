"""What the numbers of a report mean, and what was done to get them."""

PAGE = """\
# How to read this

[Back to the results](README.md)

## Times and ratios

- A time is the median over all timings of one call, spread over several rounds through the whole list of problems.
  `(IQR 14%)` marks one whose interquartile range is above 10 % of the median: it is less certain than the others.
- `naive / torch` is a ratio of medians: 2 means twice torch's time, 0.5 half of it. Over several problems it is the
  geometric mean of their ratios, and `matmul faster: 3 of 7` counts those below 1.
- Two runs are compared by `convnotes compare`. It takes for the noise of a row the range of its rounds' medians, or
  that of what the machine itself did once in every round (a matrix product, a copy, a Python loop), where this is
  wider: `noise_low` to `noise_high` in `summary.csv.gz`.

## What has no time

- Before any clock starts, every result is compared with the definition in float64, from the same rounded operands.
  The error is the largest deviation relative to the largest entry. A result that is too far off is **wrong** and is
  not timed. The column `definition` of `measurements.csv.gz` says whether the plain loops computed the expected
  values, or, where these would take too long, the matrix products in float64.
- `not run (about 42 s)` is an implementation whose one call would take longer than the run's limit, with an estimate
  from its speed on smaller cases.
- `not offered` is what an implementation of somebody else's does not have: the function, or a parameter that this
  layer needs, or what it says itself that it has not implemented. That is no fault of it.

## Inside the clock

- The clock holds the call on NumPy arrays, and for torch the call on tensors that exist already. A short call is
  looped inside one timing so that it lasts at least 2 ms. With one thread all implementations take turns in one
  process, repeat by repeat; with more, each has a process of its own. What is none of ours always has one, and the
  line of the machine ends with its file and the first digits of that file's SHA-256, or with its version. A forward
  convolution adds its bias. Another library whose module offers `prepare`, as JAX and ONNX Runtime do here, is treated
  as torch is: the conversion of arrays and the compilation lie outside the clock, and so does a constant weight's
  rearrangement.
- A gradient of torch is the kernel of its backward pass alone. What a forward pass leaves behind is there before the
  clock starts: the places of a max pool's maxima, the intermediate arrays of a local response normalization. The
  other implementations find these again inside the clock.

## Work and memory

- Multiply-adds include products with padded zeros. For pools they are the entries compared or added, for the bias the
  additions, for local response normalization the pairs of a channel and one in its window (two each in its gradient).
  GFLOP/s count two operations for each.
- *Workspace predicted* is the size of the arrays that an implementation's docstring names: the padded copy of the
  loops, the matrix of columns of the matrix products; of `fast`, what the algorithm that it chooses holds at most (an
  input gradient is by several, and has none). *Peak measured* is everything that one call allocates, its
  result included, traced in a call of its own; it is empty where tracing would slow plain loops beyond the limit.
  torch has neither: it chooses its algorithm when it runs, and its memory is out of sight of Python's tracing.

## Files

- `measurements.csv.gz` holds every single timing, those of a call beside each other, `summary.csv.gz` the medians and
  all that follows from them, `environment.json` the machine. `pandas.read_csv` reads both tables as they are.
- `convnotes plot` rebuilds all pages and figures from the first and the last, and draws each figure as SVG too.
"""
