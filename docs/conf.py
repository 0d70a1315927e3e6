"""How Sphinx makes the web site of this repository: `sphinx-build -W -c docs . build/site`, from its root.

The sources are the repository's own files where they lie, so that every link leads where it leads on a code host, and
no text stands twice. Nothing is executed: notebooks are shown as they are stored.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

project = "convnotes"
author = "The convnotes authors"
copyright = f"2026, {author}"
release = version = import_module("convnotes").__version__

root_doc = "README"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "docs/api/*.md",
    "notebooks/*.ipynb",
    "results/**.md",
]
exclude_patterns = [".*", "**/.*", "build", "results/quick", "results/partial"]

extensions = [
    "sphinx.ext.autodoc",
    "extensions.docstrings",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_copybutton",
    "extensions.sources",
    "extensions.equations",
    "extensions.pictures",
]
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"

default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# Types under their names, and not what these stand for.
autodoc_type_aliases = {name: name for name in import_module("convnotes.annotations").__all__}
# What the reference's functions work with, and their descriptions do not need.
autodoc_mock_imports = [name for name in ("torch", "ipywidgets") if find_spec(name) is None]

html_theme = "sphinx_book_theme"
html_domain_indices = False
html_title = "convnotes"
html_static_path = ["static"]
html_css_files = ["convnotes.css"]
html_js_files = [("equations.js", {"priority": 900})]  # after MathJax, which it waits for
html_favicon = "static/favicon.svg"
html_context = {"default_mode": "auto"}
html_sourcelink_suffix = ""
html_theme_options = {
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the search field stands in the sidebar
    "show_toc_level": 2,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

linkcheck_anchors = False
linkcheck_timeout = 30
linkcheck_retries = 2
