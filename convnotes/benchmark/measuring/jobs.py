"""What a run consists of: in every round the machine itself, then one job for each operation of each case."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from math import prod

from convnotes.benchmark import Refused, isa
from convnotes.benchmark.measuring import ceilings
from convnotes.benchmark.storing import machine
from convnotes.benchmark.storing.job import Job
from convnotes.benchmark.storing.options import Options
from convnotes.benchmark.storing.schema import OF_NETWORKS
from convnotes.cases import Case, select
from convnotes.wording import nearest_of

# The images in a batch of a network's layers; every other case has its own.
BATCHES, QUICK_BATCHES = (1, 8), (1,)

# What a quick look measures: something for every figure.
QUICK = (
    "founding/*",
    *(f"scaling/{name}" for name in ("batch 1", "batch 16", "batch 256", "channels in 1", "channels in 16")),
    *(f"scaling/{name}" for name in ("channels in 256", "channels out 1", "channels out 16", "channels out 256")),
    *(f"scaling/{name}" for name in ("image 4", "image 16", "image 64", "kernel 1", "kernel 5", "kernel 11")),
    "scaling/grid *",
    "lenet5/*",
    *(f"alexnet/{name}" for name in ("conv1", "conv4", "norm2", "pool2")),
    "vgg16/conv5_1",
    "vgg16/pool5",
    "resnet50/stage4 3x3",
    "resnet50/stage4 reduce",
    "resnet50/global pool",
    "mobilenet/depthwise 512",
    "mobilenet/pointwise 512 to 512",
    "dcgan/transposed 32",
    "inception_v3/mixed_6b 1x7",
    "resnext50/stage5 3x3",
    "mnasnet/5x5 120",
    "fcn8s/upscore2",
    "srcnn/conv1 9x9",
    "ops/*",
)


def choose(options: Options) -> list[Job]:
    """All jobs in their order."""
    if options.threads > machine.cores():
        raise Refused(f"--threads must be at most {machine.cores()}, the number of cores, got {options.threads}")
    isa.refuse_lacking(options.isa)
    cases = _cases(options)
    problems = [(case, name) for case in cases for name in case.operations if name in options.operations]
    if not problems:
        offered = dict.fromkeys(name for case in cases for name in case.operations)
        given = ",".join(options.operations)
        raise Refused(f"--operations must be some of {', '.join(offered)} for these cases, got {given!r}")
    jobs = []
    for turn in range(options.rounds):
        jobs += [Job(turn, case, case.layer, (name,)) for case, name in ceilings.on(options.device)]
        jobs += [Job(turn, *problem, group) for group in groups(options) for problem in problems]
    return jobs


def groups(options: Options) -> list[tuple[str, ...]]:
    """The implementations that take turns in one process.

    With more than one thread the idle threads of one library slow down the other, so each has its own process. So has
    what somebody else wrote, always: it may do anything to its process.
    """
    foreign = [one.label for one in options.foreign]
    ours = tuple(name for name in options.implementations if name not in foreign)
    together = [ours] if options.threads == 1 and ours else [(name,) for name in ours]
    return [*together, *((label,) for label in foreign)]


def _cases(options: Options) -> list[Case]:
    if options.network:
        cases = [layer.case for layer in options.network.layers]
        _refuse_too_large(cases, options.dtype, "layers", options.network.source)
        return cases
    cases = _matching(options.cases, options.suite) if options.cases else select("*", options.suite)
    if options.quick and options.cases is None:
        cases = [case for case in cases if any(fnmatchcase(case.name, pattern) for pattern in QUICK)]
    if options.batch and not any(case.suite in OF_NETWORKS for case in cases):
        raise Refused(f"--batch must be given with layers of networks, which alone it changes, got {options.batch}")
    batches = (options.batch,) if options.batch else QUICK_BATCHES if options.quick else BATCHES
    found = []
    for case in cases:
        found += [case.with_batch(N) for N in batches] if case.suite in OF_NETWORKS else [case]
    if options.batch:
        _refuse_too_large(found, options.dtype, "batch", options.batch)
    return found


def _matching(patterns: str, suites: Sequence[str]) -> list[Case]:
    """The cases whose name matches one of the patterns, in their order; every pattern must match one."""
    chosen = set()
    for pattern in patterns.split(","):
        try:
            chosen |= {case.name for case in select(pattern, suites)}
        except ValueError as problem:
            known = [case.name for case in select("*", suites)]
            families = dict.fromkeys(name.split("/")[0] + "/*" for name in known)
            nearest = nearest_of(pattern, [*families, *known]) or "; --list prints them all"
            raise Refused(f"--{problem}{nearest}") from None
    return [case for case in select("*", suites) if case.name in chosen]


def _refuse_too_large(cases: Iterable[Case], dtype: str, option: str, given: object) -> None:
    """Refuse layers whose arrays cannot be there at once: in float64 for the definition, in --dtype to be measured."""
    there = machine.memory()
    for case in cases:
        sizes = case.input_size, case.output_size, case.weight_size or ()
        needed = sum(prod(size) for size in sizes if size) * (8 + 2 * int(dtype.removeprefix("float")) // 8)
        if there is not None and needed > there:
            raise Refused(
                f"--{option} must leave room in the memory of {there / 2**30:.1f} GiB, got {given}: "
                f"{case.name} needs {needed / 2**30:.1f} GiB"
            )
