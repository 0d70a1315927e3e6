"""The parser of a command's arguments."""

import argparse
import textwrap
from typing import Any, NoReturn

from convnotes.benchmark import Refused
from convnotes.benchmark.terminal import output


class Parser(argparse.ArgumentParser):
    """An argument parser that refuses in one sentence, without repeating its usage; `known` holds its options."""

    def __init__(self, **settings: Any) -> None:
        self.known: list[str] = []
        for part in ("description", "epilog"):
            if settings.get(part):
                settings[part] = _filled(settings[part])
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        self.known += [name for name in names if name.startswith("--")]
        return super().add_argument(*names, **settings)

    def print_help(self, file: Any = None) -> None:
        output.say(self.format_help())

    def error(self, message: str) -> NoReturn:
        if message.startswith("argument "):
            message = message.removeprefix("argument ").replace(": ", " ", 1)
        raise Refused(message)


def _filled(text: str) -> str:
    """A text in lines that fit on a terminal; one whose lines do is left as it is."""
    lines = text.splitlines()
    return text if max(map(len, lines)) <= 80 else textwrap.fill(" ".join(lines), 80)
