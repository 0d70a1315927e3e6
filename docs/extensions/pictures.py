"""Pictures say how large they are, so that text below them does not move when they arrive."""

import re
from pathlib import Path

from PIL import Image

IMAGE = re.compile(r'<img\b[^>]*?\bsrc="(?P<source>[^":]+)"[^>]*>')
# A figure's inch is shown as so many pixels, whatever its density is.
PIXELS = 100


def sized(app, page: str, template: str, context: dict, doctree) -> None:
    """Add width and height to the pictures of a page's body."""
    folder = (Path(app.outdir) / page).parent
    files = {name: path for path, name in app.builder.images.items()}

    def add(found: re.Match) -> str:
        tag, name = found[0], Path(found["source"]).name
        path = Path(app.srcdir) / files[name] if name in files else folder / found["source"]
        if "width" in tag or not path.exists():
            return tag
        width, height = shown(path)
        return f'{tag[:4]} width="{width}" height="{height}"{tag[4:]}'

    if "body" in context:
        context["body"] = IMAGE.sub(add, context["body"])


def shown(path: Path) -> tuple[int, int]:
    """Width and height in pixels of the page."""
    with Image.open(path) as image:
        across, down = image.info.get("dpi", (PIXELS, PIXELS))
        scale = PIXELS / max(across, down, PIXELS)
        return round(image.width * scale), round(image.height * scale)


def setup(app) -> dict:
    app.connect("html-page-context", sized)
    return {"parallel_read_safe": True}
