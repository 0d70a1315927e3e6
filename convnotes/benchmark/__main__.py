"""The command line: `convnotes benchmark` measures, `convnotes plot` redraws what was measured."""

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
        convnotes.error("COMMAND must be benchmark or plot, got none (see convnotes --help)")
    try:
        return _benchmark(given) if given.command == "benchmark" else _plot(given)
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
    from convnotes.benchmark import records, report

    measurements = records.read(given.out)
    with records.unfinished(given.out) as folder:
        report.write(*measurements, folder)
        records.publish(folder, given.out, records.REPORT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
