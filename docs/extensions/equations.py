"""Equations are set by MathJax, which the site brings along: its files come from the package sphinx-mathjax-offline.

Sphinx would put an equation of several lines into an environment that knows no `\\tag`. Here each is handed to MathJax
as the notebook writes it.
"""

from docutils import nodes


def as_written(app, doctree: nodes.document) -> None:
    """Mark the displayed equations of a page as complete."""
    for equation in doctree.findall(nodes.math_block):
        text = equation.astext().strip()
        equation.children = [nodes.Text(rf"\[{text}\]")]
        equation["no-wrap"] = equation["nowrap"] = True


def setup(app) -> dict:
    app.setup_extension("sphinx.ext.mathjax")
    app.setup_extension("sphinx-mathjax-offline")
    app.connect("doctree-read", as_written)
    return {"parallel_read_safe": True}
