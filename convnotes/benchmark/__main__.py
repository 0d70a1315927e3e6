"""The command line: `convnotes benchmark` measures, `plot` redraws what was measured, `compare` sets two runs apart."""

import sys

from convnotes.benchmark import Refused
from convnotes.benchmark.options import options, parser


def main(argv=None) -> int:
    """Run the command line; returns its exit code."""
    convnotes = parser()
    given, unknown = convnotes.parse_known_args(argv)
    if unknown:
        convnotes.error(f"{unknown[0]} must be one of the options that --help lists")
    if given.command is None:
        convnotes.error("COMMAND must be benchmark, plot or compare, got none (see convnotes --help)")
    try:
        return _COMMANDS[given.command](given)
    except Refused as refusal:
        print(f"convnotes {given.command}: {refusal}", file=sys.stderr)
        return refusal.code
    except KeyboardInterrupt:
        print(f"convnotes {given.command}: interrupted, earlier results are unchanged", file=sys.stderr)
        return 130


def _benchmark(given) -> int:
    from convnotes.benchmark.run import run

    return run(options(given))


def _plot(given) -> int:
    from convnotes.benchmark import files, records, report

    measurements = records.read(given.out)
    with files.writing(given.out) as folder:
        report.write(*measurements, folder)
        files.publish(folder, given.out, records.REPORT)
    return 0


def _compare(given) -> int:
    from convnotes.benchmark import compare

    compare.write(given.a, given.b, given.out)
    return 0


_COMMANDS = {"benchmark": _benchmark, "plot": _plot, "compare": _compare}


if __name__ == "__main__":
    sys.exit(main())
