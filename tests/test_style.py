"""The house style: its colours and marks, and figures that stand in the notebook whatever a user's settings say."""

import base64
import os
import subprocess
import sys
from io import BytesIO

import pytest
from jupyter_client.manager import run_kernel
from PIL import Image

import patience

FIGURE = "import matplotlib.pyplot as plt; from convnotes import style; style.use(); plt.plot([1, 2]); plt.show()"
INLINE = "module://matplotlib_inline.backend_inline"


def shown(code: str, **settings) -> list[Image.Image]:
    """The pictures that a cell shows in a new Jupyter kernel."""
    messages = []
    with run_kernel(env={**os.environ, **settings}) as client:
        reply = client.execute_interactive(code, output_hook=messages.append, timeout=patience.SECONDS)
    assert reply["content"]["status"] == "ok", reply["content"]
    pictures = [m["content"]["data"]["image/png"] for m in messages if m["msg_type"] == "display_data"]
    return [Image.open(BytesIO(base64.b64decode(picture))) for picture in pictures]


@pytest.mark.parametrize("backend", ["agg", "tkagg", "module://matplotlib.backends.backend_agg", "inline", INLINE])
def test_a_notebook_shows_figures_of_the_houses_width_whatever_the_backend_was(backend):
    (picture,) = shown(FIGURE, MPLBACKEND=backend)
    assert picture.width == 640


def test_a_notebook_shows_figures_whatever_matplotlibrc_says(tmp_path):
    (tmp_path / "matplotlibrc").write_text("backend: pdf\n")
    (picture,) = shown(FIGURE, MPLBACKEND="", MATPLOTLIBRC=str(tmp_path))
    assert picture.width == 640


def test_a_backend_that_is_chosen_after_the_style_stays():
    assert shown(FIGURE.replace("plt.plot", "plt.switch_backend('agg'); plt.plot"), MPLBACKEND="agg") == []


@pytest.mark.parametrize(
    "shell", ["", "from IPython.core.interactiveshell import InteractiveShell as S; S.instance(); "]
)
def test_outside_of_a_kernel_the_backend_stays(shell):
    """In a script, and in a terminal's IPython."""
    code = shell + "from convnotes import style; style.use(); import matplotlib, sys"
    code += "; print(matplotlib.get_backend(), 'matplotlib_inline.config' in sys.modules)"
    environment = os.environ | {"MPLBACKEND": "svg"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout == "svg False\n"
