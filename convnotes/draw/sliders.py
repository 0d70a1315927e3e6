"""Sliders that redraw a picture, where somebody is there to move them; elsewhere the picture as it stands at first."""

import html
import inspect
from collections.abc import Callable, Sequence
from io import BytesIO

import matplotlib.pyplot as plt
from matplotlib.figure import Figure


def sliders(draw: Callable[..., Figure], **values: Sequence) -> None:
    """Show a picture with one slider for each of its parameters.

    draw: takes the parameters by name and returns a figure; the defaults of its parameters are where sliders start
    values: what each parameter can be, in the order of its slider: `stride=range(1, 4)`, `padding=[0, 1, "same"]`

    In a notebook that a reader runs, the sliders stand above the picture, and where `draw` raises ValueError, its
    sentence takes the picture's place. A notebook that runs without a reader (nbconvert, nbval) gets the picture
    alone, as from `draw()`: the cell ends with `plt.show()` as every other, and what is stored is a plain PNG.
    """
    start = _start(draw, values)
    if not attended():
        draw(**start)
        return
    from IPython.display import display

    fig = draw(**start)
    picture = _png(fig)
    widget = panel(draw, start, values, picture)
    # Where a saved notebook is only read, no widget can be shown: the picture of the start is stored beside it.
    data = widget._repr_mimebundle_() | {"image/png": picture, "text/plain": repr(fig)}
    display(data, raw=True)


def attended() -> bool:
    """Whether a reader sits in front of this kernel: who runs a notebook on its own says that it cannot ask anybody."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    kernel = getattr(get_ipython(), "kernel", None)
    return kernel is not None and bool(kernel.get_parent().get("content", {}).get("allow_stdin"))


def _start(draw: Callable, values: dict[str, Sequence]) -> dict:
    """The default of every parameter that has a slider; the first value where it has no default."""
    known = inspect.signature(draw).parameters
    start = {}
    for name, offered in values.items():
        if name not in known:
            raise ValueError(f"{name} must be a parameter of {draw.__name__}, which has {', '.join(known)}")
        if not len(offered):
            raise ValueError(f"{name} must have values for its slider, got {offered!r}")
        default = known[name].default
        if default is not inspect.Parameter.empty and default not in offered:
            raise ValueError(f"{name} must start at one of its slider's values {offered!r}, got {default!r}")
        start[name] = offered[0] if default is inspect.Parameter.empty else default
    return start


def panel(draw: Callable, start: dict, values: dict[str, Sequence], picture: bytes):
    """The widgets: sliders, the picture, and the sentence that takes its place."""
    import ipywidgets

    image, sentence = ipywidgets.Image(value=picture, format="png"), ipywidgets.HTML()
    controls = {
        name: ipywidgets.SelectionSlider(
            options=list(offered),
            value=start[name],
            description=name,
            continuous_update=False,
            style={"description_width": "initial"},
        )
        for name, offered in values.items()
    }

    def redraw(_=None) -> None:
        try:
            image.value = _png(draw(**{name: control.value for name, control in controls.items()}))
            sentence.value, image.layout.display = "", None
        except ValueError as error:
            sentence.value, image.layout.display = html.escape(str(error)), "none"

    for control in controls.values():
        control.observe(redraw, "value")
    return ipywidgets.VBox([*controls.values(), sentence, image])


def _png(fig: Figure) -> bytes:
    buffer = BytesIO()
    fig.savefig(buffer, format="png", dpi=fig.dpi)
    plt.close(fig)
    return buffer.getvalue()
