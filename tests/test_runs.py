"""Full runs side by side: which folders hold one, and which comes first."""

import json

import pandas as pd
import pytest

from convnotes.benchmark.reporting import runs
from convnotes.benchmark.storing import machine, records

OPTIONS = {
    "suite": [*runs.SUITES, "modern"],
    "cases": None,
    "implementations": ["naive", "matmul", "fast", "torch", "mine"],
    **runs.FULL,
}


def store(folder, **options):
    folder.mkdir(parents=True)
    (folder / records.ENVIRONMENT).write_text(json.dumps({"options": OPTIONS | options}))
    pd.DataFrame({"case": ["a"], "median": [1]}).to_csv(folder / records.SUMMARY)


def test_this_machine_comes_first_and_the_others_follow_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "folder_name", lambda: "m")
    for name in ("z", "m", "a"):
        store(tmp_path / name)
    found = runs.full(tmp_path)
    assert list(found) == ["m", "a", "z"]
    assert found["a"].folder == tmp_path / "a"
    assert found["a"].summary["median"].tolist() == [1]


@pytest.mark.parametrize("options", [
    {"suite": ["networks"]},
    {"cases": "lenet5/*"},
    {"implementations": ["fast", "torch"]},
    {"threads": 2},
    {"device": "cuda"},
    {"batch": 1},
    {"quick": True},
    {"dtype": "float64"},
], ids=str)  # fmt: skip
def test_what_is_no_full_run_is_left_out(options, tmp_path):
    store(tmp_path / "a")
    store(tmp_path / "b", **options)
    assert list(runs.full(tmp_path)) == ["a"]


def test_a_run_of_a_time_before_there_were_more_options_is_full(tmp_path):
    store(tmp_path / "a", cases="*", suite=list(runs.SUITES))
    assert list(runs.full(tmp_path)) == ["a"]


def test_where_there_is_none_that_is_said(tmp_path):
    store(tmp_path / "quick", quick=True)
    with pytest.raises(ValueError, match="results must hold the folder of a full run"):
        runs.full(tmp_path)
