"""The pages of a report: a first one that is read at a glance, sentences that follow from the rows, and all rows."""

import re
from dataclasses import replace
from itertools import groupby, islice

import pandas as pd
import pytest

import measurements
from convnotes.benchmark.reporting import figures, report
from convnotes.benchmark.reporting.figures import overview
from convnotes.benchmark.reporting.pages import findings, suites
from convnotes.benchmark.reporting.summary import calls, summarize, with_times
from convnotes.benchmark.storing import records, schema
from convnotes.cases import CASES, SUITES, select
from convnotes.style import CYCLE
from measurements import ENVIRONMENT, SPEEDS, ceilings, everything, rows

NAMES = {"README", "../x", "a/b", "", "reading", "networks_2", "Networks", "x" * 300, "others", "<b>|`"}


def summary(found, **times):
    found = summarize(pd.DataFrame(found, columns=list(records.COLUMNS)))
    return with_times(found, {"layers": {"times": times}}) if times else found


def told(found, **times):
    return findings.findings(summary(found, **times))


def both(case, operation, fast, torch, **facts):
    """A call of `fast` and the same of torch."""
    return rows(case, operation, "fast", [fast], **facts) + rows(case, operation, "torch", [torch], **facts)


@pytest.fixture
def undrawn(monkeypatch):
    """Figures that are told of and not drawn, which takes long."""
    pictures = [figures._recipe(name, "other cases")[1] for name in records.FIGURES]
    monkeypatch.setattr(figures, "write", lambda *arguments: pictures)


def pages(folder, found, environment=ENVIRONMENT):
    measurements.write(folder, found, environment)
    report.write(*records.read(folder), folder)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}


def faults(count):
    return [
        row for i in range(count) for row in rows(f"net/{i}", "conv2d", "fast", status="failed", note="no", error=None)
    ]


OWN = [replace(case, suite="layers", name=f"own{i}") for i, case in enumerate(select("alexnet/*"))]
OF_OWN = {case.name: 2 for case in OWN}
# Of every network and suite the first two.
SOME = [case for _, cases in groupby(CASES, lambda case: case.name.split("/")[0]) for case in islice(cases, 2)]


def test_the_first_page_is_short_whatever_was_measured(undrawn, tmp_path):
    found = pages(
        tmp_path,
        everything(CYCLE, 1, [*SOME, *OWN]) + faults(200),
        ENVIRONMENT | {"layers": {"sha256": "0", "times": OF_OWN}, "load": {"before": 0.0, "after": 9.0}},
    )
    first = found[records.README]
    assert len(first.splitlines()) <= 150
    assert first.count("> **Warning.**") == 6
    assert "196 more results are wrong or failed" in first
    assert first.index("![") < first.index("\n- ") < first.index("\n## ")
    assert set(re.findall(r"\((\w+)\.png\)", first)) == set(records.FIGURES)


def test_pages_lead_to_each_other_and_every_row_is_on_one(undrawn, tmp_path):
    found = pages(tmp_path, everything(CYCLE, 1, SOME))
    assert set(found) == {records.README, records.READING, *(f"{suite}.md" for suite in SUITES)}
    for name, page in found.items():
        targets = set(re.findall(r"\]\(([^)]+\.md)\)", page))
        assert targets == (set(found) - {name} if name == records.README else targets)
        assert targets <= set(found)
        assert name == records.README or records.README in targets
        assert len(page.encode()) < 500_000
    for case in SOME:
        assert f"| {case.name} " in found[f"{case.suite}.md"]


def test_a_page_that_would_be_too_long_goes_on_on_another(monkeypatch):
    everywhere = summary(
        everything(CYCLE, 1, [case for name in ("lenet5", "alexnet", "vgg16", "dcgan") for case in select(f"{name}/*")])
    )
    (whole,) = suites.pages(everywhere, "LINE").values()
    monkeypatch.setattr(suites, "LONGEST", 12_000)
    found = suites.pages(everywhere, "LINE")
    assert list(found) == list(records.PAGES["networks"][: len(found)])
    assert len(found) > 3
    lines = [line for page in found.values() for line in page.splitlines()]
    for line in whole.splitlines():
        assert line in lines or line.startswith(("# ", "[Back")), line
    for name, page in found.items():
        assert len(page.encode()) < 13_000
        assert page.count("<details>") == page.count("</details>")
        # What goes on from another page says of what it is.
        assert re.search(r"^(## |### |<details>)", page, re.M)[0] == "## "
        assert all(f"[{other}]({other})" in page for other in found)
        assert page.startswith(f"# Every row: networks, page {list(found).index(name) + 1}\n")
    # A network that one page has room for is on one page.
    for network in ("lenet5", "dcgan"):
        assert sum(f"\n## {network}\n" in page for page in found.values()) == 1


def test_a_table_that_fills_more_than_a_page_is_divided_and_no_more_than_nine_pages_are_written(monkeypatch):
    layers = summary([row for i in range(400) for row in both(f"net/{i}", "conv2d", 1.0, 2.0)])
    monkeypatch.setattr(suites, "LONGEST", 4_000)
    found = suites.pages(layers, "LINE")
    assert list(found) == list(records.PAGES["networks"])
    assert list(found.values())[-1].endswith(f"All further rows are in `{records.SUMMARY}`.")
    assert max(len(page.encode()) for page in found.values()) < 5_000
    monkeypatch.setattr(suites, "LONGEST", 20_000)
    text = "\n".join(suites.pages(layers, "LINE").values())
    assert all(f"| net/{i} " in text for i in range(400))


@pytest.mark.parametrize("name", sorted(NAMES - {""}))
def test_a_suite_of_any_name_takes_no_file_of_another(name, undrawn, tmp_path):
    found = both("a/b", "conv2d", 1.0, 2.0) + both("x/y", "conv2d", 1.0, 2.0, suite=name)
    written = pages(tmp_path, found)
    assert set(written) == {records.README, records.READING, "networks.md", "others.md"}
    assert f"\n## {name}\n" in written["others.md"]
    assert "| x/y " in written["others.md"]
    assert "| a/b " in written["networks.md"]


def test_sentences_say_what_the_rows_say():
    found = told(
        [
            *both("vgg16/a", "conv2d", 1.0, 2.0),
            *both("vgg16/a", "conv2d", 1.0, 8.0, batch=8),
            *both("alexnet/b", "conv2d", 128.0, 1.0),
            *both("vgg16/a", "conv2d_grad_input", 3.0, 1.0),
            *both("vgg16/a", "conv2d_grad_weight", 1.0, 5.0),
            *both("vgg16/p", "max_pool2d", 1.0, 10.0),
            # The founding cases say nothing of networks.
            *both("founding/a", "conv2d", 1.0, 9999.0, suite="founding"),
            *rows("vgg16/a", "conv2d", "matmul", [6.0]),
            *rows("vgg16/a", "conv2d", "naive", [2000.0]),
            *rows("alexnet/b", "conv2d", "naive", status="not run", estimate_seconds=4000.0),
            *rows("vgg16/p", "max_pool2d", "matmul", status="failed", note="no", error=None),
            *ceilings(),
        ]
    )
    assert found == [
        "`fast` takes **2.0** times torch's time forward over the 2 convolutions of 2 networks with 1 and 8 images, by "
        "the geometric mean, from 0.12 (`vgg16/a`, batch 8) to 128 (`alexnet/b`, batch 1).",
        "For gradients of inputs it takes **3.0** times torch's time; for gradients of weights it takes **0.20** times "
        "torch's time.",
        "Of 4 operations, `fast` is faster than torch in 2: `max_pool2d` (0.10) and `conv2d_grad_weight` (0.20); it is "
        "slower than torch in 2: `conv2d_grad_input` (3.0) and `conv2d` (2.0).",
        "Its largest win is `max_pool2d` of `vgg16/p`, batch 1: 1.00 s against 10.0 s, 10 times as fast.",
        "Its largest loss is `conv2d` of `alexnet/b`, batch 1: 128 s against 1.00 s, 128 times as long.",
        "`matmul` takes 3.0 times torch's time forward, on `vgg16/a` with 1 image.",
        "The plain loops of `naive` take 2,000 times torch's time over the 2 convolutions of 2 networks with 1 image, "
        "by the geometric mean; 1 of these times is an estimate, of a call too slow to be run.",
        "Of 18 calls, 16 were measured, 1 was left out as too slow and 1 failed.",
        "In the same run and with the same threads, a product of two large matrices reached 100 GFLOP/s, and a large "
        "copy moved 20.0 GB/s (read and written).",
    ]


def test_the_users_own_implementation_comes_first():
    found = told(both("a/b", "conv2d", 1.0, 2.0) + rows("a/b", "conv2d", "m`ine", [6.0]))
    assert found[0] == "`m'ine` takes **3.0** times torch's time forward on `a/b` with 1 image."
    assert found[1] == "`fast` takes 0.50 times torch's time forward, on `a/b` with 1 image."


def test_the_users_own_network_comes_before_all():
    own = {"suite": "layers"}
    layers = both("one", "conv2d", 1e-3, 3e-3, **own) + both("two", "conv2d", 5e-3, 1e-3, **own)
    layers += both("two", "conv2d_grad_input", 1e-3, 1e-3, **own)
    assert told(layers, one=3, two=1)[0] == (
        "Of your network, with each layer as often as it occurs: forward, all its 2 layers add up to 8.0 ms in `fast` "
        "and 10 ms in torch; with all gradients, all its 2 layers add up to 9.0 ms in `fast` and 11 ms in torch."
    )
    layers += rows("three", "conv2d", "fast", status="wrong", error=0.5, **own)
    assert "forward, 2 of its 3 layers add up to 8.0 ms" in told(layers, one=3, two=1, three=1)[0]
    assert "forward, its layer takes 3.0 ms in `fast`" in told(both("one", "conv2d", 1e-3, 3e-3, **own), one=3)[0]


RUNS = {
    "without torch": (
        rows("a/b", "conv2d", "fast", [1.0]) + rows("a/b", "conv2d", "matmul", [2.0]),
        "`matmul` takes **2.0** times `fast`'s time forward on `a/b` with 1 image.",
    ),
    "one implementation": (
        rows("a/b", "conv2d", "torch", [1.0]) + rows("a/c", "bias_add", "torch", [2.0]),
        "torch has nothing measured beside it: a call takes from 1.00 s (`conv2d` of `a/b`) to 2.00 s (`bias_add` of "
        "`a/c`).",
    ),
    "one call": (
        rows("a/b", "conv2d", "fast", [1.0]),
        "`fast` has nothing measured beside it: a call takes 1.00 s (`conv2d` of `a/b`).",
    ),
    "no common call": (
        rows("a/b", "conv2d", "fast", [1.0]) + rows("a/c", "conv2d", "torch", [1.0]),
        "Both calls were measured.",
    ),
    "all wrong": (
        [row for name in CYCLE for row in rows("a/b", "conv2d", name, status="wrong", error=0.5)],
        "All 4 calls gave wrong results.",
    ),
    "one wrong": (rows("a/b", "conv2d", "fast", status="wrong", error=0.5), "The only call gave a wrong result."),
    "torch failed": (
        rows("a/b", "conv2d", "fast", [1.0])
        + rows("a/b", "conv2d", "matmul", [3.0])
        + rows("a/b", "conv2d", "torch", status="failed", note="no", error=None),
        "`matmul` takes **3.0** times `fast`'s time forward on `a/b` with 1 image.",
    ),
    "failed in a later round": (
        rows("a/b", "conv2d", "torch", [1.0])
        + rows("a/b", "conv2d", "fast", [3.0])
        + rows("a/b", "conv2d", "fast", status="failed", note="no", error=None, round=1),
        "torch has nothing measured beside it: a call takes 1.00 s (`conv2d` of `a/b`).",
    ),
    "loops and torch": (
        rows("a/b", "conv2d", "naive", [9.0]) + rows("a/b", "conv2d", "torch", [1.0]),
        "The plain loops of `naive` take 9.0 times torch's time on `a/b` with 1 image.",
    ),
    "no convolution": (
        both("ops/p", "max_pool2d", 2.0, 1.0, suite="ops") + both("ops/q", "avg_pool2d", 2.0, 1.0, suite="ops"),
        "`fast` takes **2.0** times torch's time forward over the 2 layers of this run, by the geometric mean.",
    ),
    "not offered": (
        rows("a/b", "conv2d", "mine", status="not offered", note="no", error=None),
        "The only call is not offered.",
    ),
    "the machine alone": (ceilings(), "No call of an implementation was asked for."),
}


@pytest.mark.parametrize(("found", "first"), RUNS.values(), ids=RUNS)
def test_what_has_no_basis_is_left_out(found, first):
    sentences = told(found)
    assert sentences[0] == first
    assert not [sentence for sentence in sentences if re.search(r"\bnan\b|\bNone\b|  |(?<![\d.])0 ", sentence)]


def test_there_are_ten_sentences_at_most_and_the_machine_is_in_them(monkeypatch):
    others = [f"mine{i}" for i in range(9)]
    for name in others:
        monkeypatch.setitem(SPEEDS, name, SPEEDS["fast"])
    cases = [*select("lenet5/*"), *OWN]
    found = told([row | {"seconds": row["seconds"] * (1 + row["repeat"])} if row.get("seconds") else row
                  for row in everything((*CYCLE, *others), 1, cases)], **OF_OWN)  # fmt: skip
    assert len(found) == findings.MOST == 10
    assert found[-1].startswith("In the same run and with the same threads")
    assert "are uncertain, with an interquartile range above 10 % of the median" in found[-2]
    for sentence in found:
        assert re.fullmatch(r"[A-Z`\d].*\.", sentence)


def test_the_overview_shows_means_and_quartiles():
    ratios = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 8.0}
    found = [row for case, ratio in ratios.items() for row in both(f"vgg16/{case}", "conv2d", ratio, 1.0)]
    found += both("vgg16/p", "max_pool2d_grad_input", 1.0, 4.0) + both("ops/a", "conv2d", 9.0, 1.0, suite="ops")
    found += rows("vgg16/a", "conv2d", "naive", [999.0])
    figure = overview.draw(summary(found))
    forward, gradient = figure.axes
    assert [label.get_text() for label in forward.get_yticklabels()] == ["vgg16", "max_pool2d"]
    marks = [line for line in forward.get_lines() if line.get_marker() == "D"]
    bars = [line for line in forward.get_lines() if line.get_linewidth() == 3]
    assert [list(mark.get_xdata()) for mark in marks] == [[pytest.approx(8**0.5)]]
    assert [list(bar.get_xdata()) for bar in bars] == [[1.75, 5.0]]
    assert [text.get_text() for text in forward.texts] == ["2.8"]
    assert [text.get_text() for text in gradient.texts] == ["0.25"]
    assert overview.draw(summary(rows("a/b", "conv2d", "fast", [1.0]))) is None
    assert overview.draw(summary(both("a/b", "conv2d", 1.0, 2.0)[:1] + ceilings())) is None


def test_the_summary_that_is_stored_has_the_numbers_of_the_one_that_is_told(undrawn, tmp_path):
    measurements.write(tmp_path, everything(CYCLE, 2, select("lenet5/*")))
    exact = report.write(*records.read(tmp_path), tmp_path).summary
    stored = pd.read_csv(tmp_path / records.SUMMARY)
    assert list(stored) == list(exact)
    for name in exact.select_dtypes("number"):
        pd.testing.assert_series_equal(stored[name], exact[name], rtol=1e-8, check_dtype=False)
    # Counts are whole, however large.
    assert list(stored["multiply_adds"].dropna()) == list(exact["multiply_adds"].dropna())


def test_the_suites_of_the_command_and_of_the_cases_are_the_same():
    assert tuple(SUITES) == schema.SUITES
    assert set(calls(summary(everything(("torch",), 1, SOME)))["suite"]) == set(schema.SUITES)
