"""The command line `convnotes`, of which each command is a file in `commands`.

Each command returns its exit code and what is to be printed: all files are in place before a letter is printed.
"""

import os
import sys
from collections.abc import Mapping, Sequence

from convnotes import __version__, wording
from convnotes.benchmark import Refused
from convnotes.benchmark.commands import COMMANDS, parsers
from convnotes.benchmark.terminal import output, signals
from convnotes.benchmark.terminal.parser import Parser
from convnotes.wording import nearest_of, quote


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    output.prepare()
    # Figures go to files alone: no other backend is asked for, such as one that does not exist.
    os.environ["MPLBACKEND"] = "agg"
    with signals.heard():
        argv = sys.argv[1:] if argv is None else argv
        command = argv[0] if argv and not argv[0].startswith("-") else ""
        name = f"convnotes {command}" if command in COMMANDS else "convnotes"
        try:
            code, text = _run(command, argv)
            return _print(text, code, name)
        except Refused as refusal:
            output.complain(f"{name}: {refusal}")
            return refusal.code
        except wording.MissingExtraError as missing:
            output.complain(str(missing))
            return 2
        except KeyboardInterrupt as interrupt:
            stop = signals.of(interrupt)
            output.complain(f"{name}: {stop.reason}, earlier results are unchanged")
            return stop.code


def _run(command: str, argv: Sequence[str]) -> tuple[int, str]:
    """What a command returns."""
    known, commands = parsers(), ", ".join(COMMANDS)
    if command and command not in COMMANDS:
        nearest = nearest_of(command, COMMANDS) or " (see convnotes --help)"
        raise Refused(f"COMMAND must be one of {commands}, got {quote(command)}{nearest}")
    if not argv:
        raise Refused(f"COMMAND must be one of {commands}, got none (see convnotes --help)")
    if not command and argv[0] not in ("-h", *known[""].known):
        raise Refused(_unknown(argv[0], command, known))
    given, unknown = known[""].parse_known_args(argv)
    if unknown:
        raise Refused(_unknown(unknown[0], command, known))
    if given.version:
        return 0, f"convnotes {__version__}\n"
    with wording.needed(f"convnotes {command}", COMMANDS[command].EXTRA):
        return COMMANDS[command].run(given)


def _unknown(text: str, command: str, known: Mapping[str, Parser]) -> str:
    """What is wrong with an argument that a command has no place for."""
    if not text.startswith("-"):
        hints = {
            "benchmark": f"--cases {text} chooses cases",
            "plot": "it takes one FOLDER",
            "compare": "it takes all its folders side by side",
        }
        hint = hints.get(command, f"see convnotes {command} --help")
        return f"{quote(text)} is one argument too many; {hint}"
    option = text.split("=", 1)[0]
    having = [name for name in COMMANDS if option in known[name].known]
    if having:
        nearest = f"; did you mean convnotes {having[0]} {option}?"
    else:
        offered = known[command].known if command else [name for one in known.values() for name in one.known]
        nearest = nearest_of(option, offered)
    whose = f"convnotes {command}".rstrip()
    return f"{quote(option)} is no option of {whose}{nearest or f' (see {whose} --help)'}"


def _print(text: str, code: int, name: str) -> int:
    """Print what a command returned; where that fails, the files are there all the same."""
    try:
        output.say(text)
    except Refused as refusal:
        output.complain(f"{name}: {refusal}; whatever was to be written to files is there")
        return code or refusal.code
    except KeyboardInterrupt as interrupt:
        stop = signals.of(interrupt)
        output.complain(f"{name}: {stop.reason} while printing; all files are written")
        return stop.code
    return code


if __name__ == "__main__":
    sys.exit(main())
