"""The command line: `convnotes benchmark` measures, `plot` redraws what was measured, `compare` sets two runs apart.

Each command returns its exit code and what is to be printed: all files are in place before a letter is printed.
"""

import os
import sys

from convnotes import __version__
from convnotes.benchmark import Refused, places
from convnotes.benchmark.command_line import options, parsers
from convnotes.benchmark.terminal import output, signals, values


def main(argv=None) -> int:
    """Run the command line; returns its exit code."""
    output.prepare()
    # Figures go to files alone: no other backend is asked for, such as one that does not exist.
    os.environ["MPLBACKEND"] = "agg"
    with signals.heard():
        argv = sys.argv[1:] if argv is None else argv
        command = argv[0] if argv and not argv[0].startswith("-") else ""
        name = f"convnotes {command}" if command in _COMMANDS else "convnotes"
        try:
            code, text = _run(command, argv)
            return _print(text, code, name)
        except Refused as refusal:
            output.complain(f"{name}: {refusal}")
            return refusal.code
        except KeyboardInterrupt as interrupt:
            stop = signals.of(interrupt)
            output.complain(f"{name}: {stop.reason}, earlier results are unchanged")
            return stop.code


def _run(command: str, argv) -> tuple[int, str]:
    """What a command returns."""
    known, commands = parsers(), ", ".join(_COMMANDS)
    if command and command not in _COMMANDS:
        nearest = values.nearest_of(command, _COMMANDS) or " (see convnotes --help)"
        raise Refused(f"COMMAND must be one of {commands}, got {values.quote(command)}{nearest}")
    if not argv:
        raise Refused(f"COMMAND must be one of {commands}, got none (see convnotes --help)")
    if not command and argv[0] not in ("-h", *known[""].known):
        raise Refused(_unknown(argv[0], command, known))
    given, unknown = known[""].parse_known_args(argv)
    if unknown:
        raise Refused(_unknown(unknown[0], command, known))
    return (0, f"convnotes {__version__}\n") if given.version else _COMMANDS[command](given)


def _unknown(text: str, command: str, known) -> str:
    """What is wrong with an argument that a command has no place for."""
    if not text.startswith("-"):
        hint = {"benchmark": f"--cases {text} chooses cases", "plot": "it takes one FOLDER"}
        return f"{values.quote(text)} is one argument too many; {hint.get(command, 'it takes two folders, A and B')}"
    option = text.split("=", 1)[0]
    having = [name for name in _COMMANDS if option in known[name].known]
    if having:
        nearest = f"; did you mean convnotes {having[0]} {option}?"
    else:
        offered = known[command].known if command else [name for one in known.values() for name in one.known]
        nearest = values.nearest_of(option, offered)
    whose = f"convnotes {command}".rstrip()
    return f"{values.quote(option)} is no option of {whose}{nearest or f' (see {whose} --help)'}"


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


def _benchmark(given) -> tuple[int, str]:
    chosen = options(given)
    if given.list:
        from convnotes.benchmark.measuring.jobs import choose

        names = dict.fromkeys(job.case.name for job in choose(chosen) if not job.is_machine)
        return 0, "".join(f"{name}\n" for name in names)
    if given.out is None:
        places.refuse_other_runs(chosen)
    from convnotes.benchmark.run import run

    return run(chosen)


def _plot(given) -> tuple[int, str]:
    name, folder = ("FOLDER", given.folder) if given.folder else ("--out", given.out or places.RESULTS)
    if given.folder and given.out and given.folder != given.out:
        raise Refused(f"FOLDER must be the same as --out, which can be left out, got {str(given.folder)!r}")
    from convnotes.benchmark.reporting import report, screen
    from convnotes.benchmark.storing import files, records

    measurements = records.read(folder, name)
    with files.writing(folder) as unfinished:
        found = report.write(*measurements, unfinished)
        files.publish(unfinished, folder, records.REPORT)
    return 0, screen.report(found, folder)


def _compare(given) -> tuple[int, str]:
    from convnotes.benchmark.reporting import compare

    return 0, compare.write(given.a, given.b, given.out)


def _check(given) -> tuple[int, str]:
    from convnotes.benchmark.checking import check

    g = given
    return check(g.implementation, g.only, g.operations, g.strict, g.seed, g.examples, g.limit, g.all)


def _template(given) -> tuple[int, str]:
    from convnotes.proof.template import template

    if given.out is None:
        return 0, template()
    try:
        with given.out.open("x", encoding="utf-8") as file:
            file.write(template())
    except OSError as problem:
        raise Refused(f"--out must be a new file, got {values.quote(str(given.out))} ({problem.strerror})") from None
    return 0, f"Written to {given.out}\n"


def _layers(given) -> tuple[int, str]:
    from convnotes.layers import LayersError
    from convnotes.layers.command import input_size, layers

    try:
        text, left_out = layers(given.source, input_size(given.input), given.out)
    except LayersError as problem:
        raise Refused(str(problem)) from None
    if left_out:
        output.complain(left_out)
    return 0, f"Written to {given.out}\n" if given.out else text


_COMMANDS = {
    "benchmark": _benchmark,
    "plot": _plot,
    "compare": _compare,
    "check": _check,
    "template": _template,
    "layers": _layers,
}


if __name__ == "__main__":
    sys.exit(main())
