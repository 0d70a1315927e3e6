"""The look of every figure: one style sheet, and one colour and marker for each implementation."""

from pathlib import Path

import matplotlib
import matplotlib.style

SHEET = Path(__file__).with_name("convnotes.mplstyle")

# The implementations in the order of the style sheet's property cycle.
CYCLE = ("naive", "matmul", "fast", "torch")
_SPARE_MARKERS = "vP*Xdp<>"


def use() -> None:
    """Give every figure made from now on the style of this project."""
    matplotlib.style.use(SHEET)
    if "matplotlib_inline" in str(matplotlib.get_backend(auto_select=False)):
        # Jupyter would crop each figure to what is drawn on it, and so give every one another width.
        from matplotlib_inline.config import InlineBackend

        InlineBackend.instance().print_figure_kwargs = {"bbox_inches": None}


def marks(names=CYCLE) -> dict[str, dict[str, str]]:
    """{"naive": {"color": ..., "marker": ...}, ...}, for `scatter`, `plot` and `errorbar`.

    A name outside `CYCLE` is grey, with a marker of its own.

    >>> marks()["torch"]["marker"]
    '^'
    """
    sheet = matplotlib.rc_params_from_file(SHEET, use_default_template=False)
    known = dict(zip(CYCLE, sheet["axes.prop_cycle"]))
    others = [name for name in names if name not in known]
    spare = {name: {"color": "0.45", "marker": _SPARE_MARKERS[i % 8]} for i, name in enumerate(others)}
    return {name: {**known, **spare}[name] for name in names}
