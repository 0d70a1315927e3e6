"""The prices in `convnotes.fast.machine.cost`, fitted to this machine: `python -m convnotes.benchmark.fit`.

Every algorithm of `fast` is timed on every convolution of the networks that it takes, for the forward pass and for the
gradient of the weight, and for the gradient of the input where it makes that by itself, with one thread. The four
prices are fitted to the logarithms of the times, so that a short call counts as much as a long one, and with a loss
that a few odd calls do not decide. Printed are the prices, to be written into `convnotes/fast/machine/cost.py`, how far
the model is from the measurements, and what its choices cost. With `--isa avx2` they are those of the machine without
its AVX-512, with `--layers "lenet5/*"` those of a few layers.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import least_squares
from tqdm import tqdm

from convnotes.benchmark import Refused, isa
from convnotes.benchmark.measuring import timing
from convnotes.benchmark.measuring.processes import process
from convnotes.cases import Case, select
from convnotes.fast import dispatch
from convnotes.fast.machine import cost
from convnotes.fast.machine.workspace import space

PRICES = {"copied": "COPIED", "runs": "RUN", "calls": "CALL", "products": "PRODUCT"}
SUITES = ("networks", "modern")
PROBLEM = ["case", "batch", "which"]
REPEATS = 5


def measure(pattern: str = "*", batches: Sequence[int] = (1, 8)) -> pd.DataFrame:
    """The seconds and the counted work of every algorithm on every layer."""
    layers = [case for case in select(pattern, SUITES) if case.layer == "conv2d"]
    rows = []
    for case in tqdm([case.with_batch(N) for case in layers for N in batches], disable=None, leave=False):
        calls = calls_of(case)
        plans = {key: timing.plan(call, REPEATS) for key, call in calls.items()}
        for (which, name), seconds in timing.take_turns(calls, plans).items():
            counted = algorithms(which)[name].work(case.windows, which)
            facts = dict(zip(PROBLEM, (case.name, case.input_size[0], which)))
            assert not isinstance(seconds, str), seconds
            facts |= {"algorithm": name, "seconds": np.median(seconds), "predicted": counted.seconds()}
            rows.append(facts | {kind: getattr(counted, kind) for kind in PRICES})
    return pd.DataFrame(rows)


def calls_of(case: Case) -> dict[tuple[str, str], Any]:
    """The calls of a layer, by the map and the name of the algorithm."""
    operands, p = case.operands(np.random.default_rng(0), np.float32), case.windows
    X, K, dY = (operands[name] for name in ("input", "weight", "grad_output"))
    Y, dX, dK = np.empty_like(dY), np.zeros_like(X), np.zeros_like(K)
    most = space(p.input_size, p.output_size, X.itemsize)
    arguments = {"forward": (X, K, p, Y), "grad_weight": (X, dY, p, dK), "grad_input": (K, dY, p, dX)}
    return {
        (which, name): partial(getattr(module, which), *given, most)
        for which, given in arguments.items()
        for name, module in algorithms(which).items()
        if module.takes(p)
    }


def algorithms(which: str) -> dict[str, Any]:
    """Those that make a map by themselves."""
    return dispatch.TRANSPOSES if which == "grad_input" else dispatch.ALGORITHMS


def fit(rows: pd.DataFrame) -> dict[str, float]:
    """The price of each kind of work that explains the seconds best."""
    counted, seconds = rows[list(PRICES)].to_numpy(float), rows["seconds"].to_numpy()
    start = np.log([getattr(cost, name) for name in PRICES.values()])
    found = least_squares(lambda prices: np.log(counted @ np.exp(prices) / seconds), start, loss="soft_l1", f_scale=0.1)
    return dict(zip(PRICES, np.exp(found.x)))


def loss(rows: pd.DataFrame, predicted: pd.Series) -> pd.Series:
    """For every layer, how many times as long as the fastest algorithm the one with the least prediction takes."""
    groups = rows.assign(predicted=predicted).groupby(PROBLEM, sort=False)
    chosen = groups.apply(lambda group: group.loc[group["predicted"].idxmin(), "seconds"], include_groups=False)
    return chosen / groups["seconds"].min()


def main() -> None:
    """Measure, fit, and print."""
    parser = argparse.ArgumentParser(prog="python -m convnotes.benchmark.fit", description=__doc__.split("\n\n")[0])
    parser.add_argument("--isa", choices=isa.VARIABLES, default=isa.NATIVE, help="as of convnotes benchmark")
    parser.add_argument("--layers", default="*", help="a pattern of their names; all if not given")
    options = parser.parse_args()
    try:
        isa.refuse_lacking(options.isa)
        with process(1, options.isa) as executor:
            isa.refuse_disobeyed(options.isa, executor.submit(isa.in_force).result())
            rows = executor.submit(measure, options.layers).result()
    except Refused as refusal:
        parser.exit(refusal.code, f"{parser.prog}: {refusal}\n")
    prices = fit(rows)
    for kind, name in PRICES.items():
        print(f"{name} = {prices[kind]:.2g}")
    fitted = sum(rows[kind] * price for kind, price in prices.items())
    for name, predicted in {"as it stands": rows["predicted"], "as fitted": fitted}.items():
        off = np.exp(np.abs(np.log(predicted / rows["seconds"])))
        print(f"{name}: half of the predictions are within a factor of {off.median():.2f}, the choice takes ", end="")
        lost = loss(rows, predicted)
        print(f"{np.exp(np.log(lost).mean()):.3f} of the fastest's time on average, {lost.max():.2f} at worst")
    print(rows.pivot_table("seconds", PROBLEM, "algorithm", sort=False).to_string())


if __name__ == "__main__":
    main()
