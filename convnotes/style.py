"""The look of every figure: one style sheet, and one colour and marker for each implementation."""

import itertools
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from convnotes.wording import needed

with needed("convnotes.style", "book"):
    import matplotlib
    import matplotlib.style

SHEET = Path(__file__).with_name("convnotes.mplstyle")

# The implementations in the order of the style sheet's property cycle.
CYCLE = ("naive", "matmul", "fast", "torch")
# What the others have, the first of both lists first. After eight the colours come again, with other markers: the
# palette of Okabe and Ito has three more, and those of Paul Tol the rest, all of which colour-blind readers can tell
# apart by their lightness or their marker.
COLOURS = ("#E69F00", "#CC79A7", "#56B4E9", "#882255", "#999933", "#332288", "#661100", "#44AA99")
MARKERS = ("P", "v", "X", "*", "p", "<", "d", ">", "h")


# The backends that show a figure in the notebook.
_IN_THE_NOTEBOOK = ("inline", "ipympl", "widget")


def use() -> None:
    """Give every figure made from now on the style of this project.

    In a Jupyter kernel, figures are shown in the notebook, whatever MPLBACKEND and matplotlibrc say: who wants
    another backend there chooses it after this, with `%matplotlib`.
    """
    matplotlib.style.use(SHEET)
    kernel = _kernel()
    if kernel is None:
        return
    if not any(name in str(matplotlib.get_backend(auto_select=False)) for name in _IN_THE_NOTEBOOK):
        kernel.enable_matplotlib("inline")
    # Jupyter would crop each figure to what is drawn on it, and so give every one another width.
    from matplotlib_inline.config import InlineBackend

    InlineBackend.instance().print_figure_kwargs = {"bbox_inches": None}


def _kernel() -> Any:
    """The shell of the Jupyter kernel that this runs in; None elsewhere, in a terminal's IPython as well."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell = get_ipython()
    return shell if hasattr(shell, "kernel") else None


def marks(names: Iterable[str] = CYCLE) -> dict[str, dict[str, str]]:
    """{"naive": {"color": ..., "marker": ...}, ...}, for `scatter`, `plot` and `errorbar`.

    Names outside `CYCLE` have the first of `COLOURS` and `MARKERS`, in their order.

    >>> marks()["torch"]["marker"]
    '^'
    """
    sheet = matplotlib.rc_params_from_file(SHEET, use_default_template=False)
    known = dict(zip(CYCLE, sheet["axes.prop_cycle"]))
    others = [name for name in names if name not in known]
    # Nine markers and eight colours come together again after 72.
    spare = zip(others, itertools.cycle(COLOURS), itertools.cycle(MARKERS))
    known |= {name: {"color": colour, "marker": marker} for name, colour, marker in spare}
    return {name: known[name] for name in names}
