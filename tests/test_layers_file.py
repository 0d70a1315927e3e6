"""Layers files: what is written is read back, and what is faulty is refused, line by line, whatever the fault."""

import csv
import errno
import io
import json
import os
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import damage
from convnotes import cases
from convnotes.cases import Case
from convnotes.layers import MOST_FAULTS, LayersError
from convnotes.layers.columns import BY_NAME, OPERATIONS, documentation
from convnotes.layers.layer import Layer
from convnotes.layers.reading import MOST_BYTES, MOST_LAYERS, parse, read
from convnotes.layers.writing import write
from convnotes.proof import problems

HEADER = "name,operation,N,C_in,H,W,C_out,kernel,stride,padding,dilation,groups,output_padding,ceil_mode,size"
CONVOLUTION = "a,conv2d,1,4,8,9,6,3x5,2,1x2,1,2,,,"
GOOD = f"{HEADER}\n{CONVOLUTION}\n"


def of(case: Case, name="a") -> Layer:
    """A case as a layers file has it: gradients included, what is None or about gradients alone left out."""
    options = {one: value for one, value in case.options.items() if value is not None and one != "ties"}
    return Layer(replace(case, name=name, suite="layers", gradients=True, options=options))


NETWORKS = [of(case, case.name) for case in cases.SUITES["networks"] + cases.SUITES["ops"]]
NETWORKS += [replace(of(case, f"{case.name} again"), times=7) for case in cases.SUITES["founding"]]


def as_json(text: str) -> str:
    """The text of a layers file of CSV as one of JSON, where numbers stand as such."""
    rows = list(csv.DictReader(io.StringIO(text)))
    for row in rows:
        for name, cell in row.items():
            row[name] = int(cell) if cell.isdecimal() and name != "name" else cell or None
            if name in ("kernel", "stride") and "x" in cell:
                row[name] = [int(one) for one in cell.split("x")]
    return json.dumps(rows, indent=1)


@settings(max_examples=200)
@given(st.lists(st.tuples(problems.layers, st.integers(1, 99)), min_size=1, max_size=3))
def test_what_is_written_is_read_back(drawn):
    layers = [replace(of(case, f"layer {number}"), times=times) for number, (case, times) in enumerate(drawn)]
    text = write(layers)
    assert parse(text, ".csv", "layers.csv") == layers
    assert parse(as_json(text), ".json", "layers.json") == layers


NAMES = ["a", "a,b", 'say "a"', "layer4.1.conv2", "ä", "中", "=1+1", "1", "true", "a b", "'", "#", "a" * 100]


def test_numbers_are_kept_to_their_last_digit():
    options = {"size": 5, "alpha": 0.1 + 0.2, "beta": 1 / 3, "k": 1e-300}
    layers = [Layer(Case("a", "local_response_norm", (1, 2, 3, 4), None, options, "layers"))]
    assert parse(write(layers), ".csv", "layers.csv") == layers


def test_names_are_kept_whatever_they_hold():
    layers = [replace(NETWORKS[0], case=replace(NETWORKS[0].case, name=name)) for name in NAMES]
    assert parse(write(layers), ".csv", "layers.csv") == layers


@pytest.mark.parametrize("suffix", [".csv", ".json", ".CSV"])
def test_a_file_of_real_networks_is_read(tmp_path, suffix):
    text = write(NETWORKS)
    path = tmp_path / f"layers{suffix}"
    path.write_text(as_json(text) if suffix == ".json" else text, encoding="utf-8-sig")
    assert read(path) == NETWORKS
    assert read(str(path)) == NETWORKS


def test_an_empty_cell_is_torchs_default():
    text = "name,operation,N,C_in,H,W,C_out,kernel,stride\nc,conv2d,1,3,8,8,4,3,\np,max_pool2d,1,3,8,8,,2,\n"
    convolution, pool = parse(text, ".csv", "layers.csv")
    assert convolution == Layer(Case("c", "conv2d", (1, 3, 8, 8), (4, 3, 3, 3), {}, "layers"))
    assert convolution.case.windows.stride == (1, 1)
    assert pool.case.windows.stride == (2, 2)
    assert pool.times == 1


def test_a_file_as_spreadsheets_leave_it_is_read():
    """Spaces around cells, blank and empty lines, other line ends, columns in another order and cells in quotes."""
    text = ' W , H ,name, operation,N,C_in,kernel,times\r\n\r\n 9 ,"8", a ,max_pool2d,1.0,2, 2x3 ,\r\n,,,,,,,\r\n'
    case = Case("a", "max_pool2d", (1, 2, 8, 9), None, {"kernel_size": (2, 3)}, "layers")
    assert parse(text, ".csv", "x") == [Layer(case)]


@pytest.mark.parametrize(
    ("cell", "padding"),
    [
        ("2", 2),
        ("1x2", (1, 2)),
        ("1X2", (1, 2)),
        ("same", "same"),
        ("Valid", "valid"),
        ("1:2x0:1", ((1, 2), (0, 1))),
        ("2.0", 2),
    ],
)
def test_padding_has_a_form_for_all_that_it_may_be(cell, padding):
    text = f"name,operation,N,C_in,H,W,C_out,kernel,padding\nc,conv2d,1,3,8,8,4,3,{cell}\n"
    assert parse(text, ".csv", "x")[0].case.options == {"padding": padding}


def test_padding_in_json_is_a_list_too():
    layer = {"name": "c", "operation": "conv2d", "N": 1, "C_in": 3, "H": 8, "W": 8, "C_out": 4, "kernel": 3}
    for value, padding in [([1, 2], (1, 2)), ([[1, 2], [0, 1]], ((1, 2), (0, 1))), ("1:2x0:1", ((1, 2), (0, 1)))]:
        assert parse(json.dumps([{**layer, "padding": value}]), ".json", "x")[0].case.options["padding"] == padding


def changed(**cells) -> str:
    """The good file with other cells in its one line."""
    row = dict(zip(HEADER.split(","), CONVOLUTION.split(","))) | cells
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([row, row.values()])
    return file.getvalue()


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"stride": "0"}, "stride: must be at least 1 along both axes, got 0"),
        ({"stride": "1x0"}, "stride: must be at least 1 along both axes, got (1, 0)"),
        ({"stride": "1x2x3"}, "stride: must be 3 or 3x5, got ['1', '2', '3']"),
        ({"stride": "1_0"}, "stride: must be a whole number, got '1_0'"),
        ({"stride": "\u0661"}, "stride: must be a whole number, got '\u0661'"),
        ({"stride": "1.5"}, "stride: must be a whole number, got '1.5'"),
        ({"stride": "nan"}, "stride: must be a whole number, got 'nan'"),
        ({"H": "9" * 30}, f"H: must be at most 1000000000 in size, got {'9' * 30}"),
        ({"H": "9" * 5000}, f"H: must be at most 1000000000 in size, got '{'9' * 28}...{'9' * 27}9'"[:53]),
        ({"H": "-1"}, "H: must be at least 1, got -1"),
        ({"N": "-1"}, "N: must be at least 0, got -1"),
        ({"H": ""}, "H: must not be empty for conv2d"),
        ({"operation": ""}, "operation: must not be empty"),
        ({"operation": "conv2"}, "; did you mean conv2d?"),
        ({"kernel": ""}, "kernel: must not be empty for conv2d"),
        ({"groups": "3"}, "groups: must divide C_in, got groups 3 for C_in 4"),
        ({"groups": "4"}, "groups: must divide C_in and C_out, got groups 4 for C_in 4 and C_out 6"),
        ({"groups": "0"}, "groups: must be at least 1, got 0"),
        ({"kernel": "11"}, "kernel: must not be larger than the padded input, got a kernel that spans (11, 11)"),
        ({"padding": "same"}, "padding: must not be 'same' unless stride is 1, got stride (2, 2)"),
        ({"padding": "1:2"}, "padding: must be top:bottom x left:right as in 1:2x0:1, got [['1', '2']]"),
        ({"padding": "1:2x1"}, "padding: must be top:bottom x left:right as in 1:2x0:1, got ['1']"),
        ({"padding": "1:-2x1:1"}, "padding: must be at least 0 along both axes, got (1, -2)"),
        ({"padding": "full"}, "padding: must be a whole number, got 'full'"),
        ({"size": "5"}, "size: must be empty for conv2d, got '5'"),
        ({"ceil_mode": "1"}, "ceil_mode: must be true or false, got '1'"),
        ({"output_padding": "1"}, "output_padding: must be empty for conv2d, got '1'"),
        ({"operation": "conv_transpose2d", "output_padding": "2"}, "output_padding: must be below max(stride, "),
        ({"operation": "conv_transpose2d", "padding": "9"}, "padding: must leave an output of at least one pixel"),
        ({"operation": "conv_transpose2d", "padding": "1:1x1:1"}, "padding: must be an integer or a pair of integers"),
        ({"operation": "conv_transpose2d", "C_out": "5"}, "groups: must divide C_out, got groups 2 for C_out 5"),
        ({"operation": "conv_transpose2d", "C_out": "1"}, "groups: must divide C_out, got groups 2 for C_out 1"),
        ({"operation": "max_pool2d", "groups": "", "C_out": "", "padding": "2"}, "padding: must be at most half of"),
        ({"name": ""}, "name: must not be empty"),
        ({"name": "a" * 300}, "name: must be text of at most 100 characters without |, got 'aaa"),
        ({"name": "a|b"}, "name: must be text of at most 100 characters without |, got 'a|b'"),
        ({"name": "a\nb"}, "name: must be text of at most 100 characters without |, got 'a\\nb'"),
        ({"name": "a\x1bb"}, "name: must be text of at most 100 characters without |, got 'a\\x1bb'"),
        ({"name": "a\u2028b"}, "name: must be text of at most 100 characters without |, got 'a\\u2028b'"),
    ],
)  # fmt: skip
def test_a_faulty_cell_is_told_with_its_line_column_value_and_rule(cells, fault):
    with pytest.raises(LayersError) as refused:
        parse(changed(**cells), ".csv", "layers.csv")
    assert len(refused.value.faults) == 1
    (told,) = str(refused.value).splitlines()
    assert told.startswith("layers.csv, line 2, ")
    assert fault in told
    assert len(told) < 250


POOL = "name,operation,N,C_in,H,W,kernel,dilation,divisor_override,size,alpha,k,times\n"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("p,avg_pool2d,1,2,8,8,2,,0,,,,", "divisor_override: must not be 0, got 0"),
        ("p,avg_pool2d,1,2,8,8,2,2,,,,,", "dilation: must be empty for avg_pool2d, got '2'"),
        ("p,avg_pool2d,1,2,8,8,2,,,,,,0", "times: must be at least 1, got 0"),
        ("n,local_response_norm,1,2,8,8,,,,5,-1,,", "alpha: must not be negative, got -1.0"),
        ("n,local_response_norm,1,2,8,8,,,,5,,0,", "k: must be above 0, got 0.0"),
        ("n,local_response_norm,1,2,8,8,,,,5,1e400,,", "alpha: must be a number, got '1e400'"),
        ("n,local_response_norm,1,2,8,8,,,,5,1e300,1e999,", "k: must be finite, got inf"),
        ("n,local_response_norm,1,2,8,8,,,,5,1_0,,", "alpha: must be a number, got '1_0'"),
        ("n,local_response_norm,1,2,8,8,,,,,,,", "size: must not be empty for local_response_norm"),
        ("b,bias_add,1,2,8,8,3,,,,,,", "kernel: must be empty for bias_add, got '3'"),
    ],
)
def test_other_operations_have_rules_of_their_own(row, fault):
    row = row.replace("1e400", "1e4000")
    fault = fault.replace("1e400", "1e4000")
    with pytest.raises(LayersError) as refused:
        parse(POOL + row, ".csv", "x.csv")
    assert str(refused.value) == f"x.csv, line 2, {fault}"


def test_every_faulty_line_is_told_and_no_other():
    lines = [CONVOLUTION.replace("a,", f"{number},", 1) for number in range(6)]
    lines[1] += ",1"
    lines[2] = lines[2].replace("3x5", "0").replace(",8,", ",-8,")
    lines[3] = '"1\n2' + '",conv2d,1'
    lines[5] = lines[4]
    with pytest.raises(LayersError) as refused:
        parse("\n".join(["", HEADER, "", *lines]), ".csv", "x.csv")
    assert refused.value.faults == (
        "x.csv, line 5 must have 15 cells as the first line has, got 16",
        "x.csv, line 6, H: must be at least 1, got -8",
        "x.csv, line 6, kernel: must be at least 1 along both axes, got 0",
        "x.csv, line 7 must have 15 cells as the first line has, got 3",
        "x.csv, line 10, name: must be the name of one layer, got '4' as in line 9",
    )


def test_of_many_faults_some_are_told_and_the_others_counted():
    with pytest.raises(LayersError) as refused:
        parse("\n".join([HEADER, *["a"] * 34]), ".csv", "x.csv")
    assert len(refused.value.faults) == 34
    assert len(str(refused.value).splitlines()) == MOST_FAULTS + 1
    assert str(refused.value).endswith("\nand 14 more")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (HEADER.encode(), "has no layers"),
        (GOOD.encode("utf-16"), "must be text in UTF-8 (byte 0 is not)"),
        (b"\xff" + GOOD.encode(), "must be text in UTF-8 (byte 0 is not)"),
        (GOOD.encode("utf-16-le"), "must be text, got a NUL in line 1"),
        (GOOD.encode() + b"\x00", "must be text, got a NUL in line 3"),
        (GOOD.replace(",", ";").encode(), "first line must have commas between its cells"),
        (GOOD.replace("stride", "strid").encode(), "first line: 'strid' is no column; did you mean stride?"),
        (GOOD.replace("stride", "padding").encode(), "first line, padding: stands there twice"),
        (GOOD.replace("H,W", "size,W").encode(), "first line, H: must not be missing"),
        (GOOD.replace(HEADER, ",".join(map(str, range(10**5)))).encode(), "'0' is no column"),
        (GOOD.encode() + b'"a', "line 3: is not CSV"),
        (GOOD.encode() + b"a" * 200_000, "line 3: is not CSV"),
        (b"a" * (MOST_BYTES + 1), "must not be larger than 10 MB"),
        (b"a,\n" * (MOST_BYTES // 3), "'a' is no column"),
        (GOOD.encode() + CONVOLUTION.encode().join([b"\n"] * (MOST_LAYERS + 1)), "must hold at most 10000 layers"),
    ],
)
def test_a_hostile_csv_file_is_refused(tmp_path, content, fault):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(LayersError) as refused:
        read(path)
    assert f"{path.name}" in str(refused.value).splitlines()[0]
    assert fault in str(refused.value)
    assert all(len(line) < 300 for line in str(refused.value).splitlines())


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "is not JSON"),
        ("[]", "has no layers"),
        ("{}", "must hold a list of layers, got {}"),
        ("3", "must hold a list of layers, got 3"),
        ("[3, null, []]", "layer 3 must be an object, got []"),
        ("[{}]", "layer 1, operation: must not be empty"),
        ('[{"strid": 1}]', "layer 1: 'strid' is no column; did you mean stride?"),
        ('[{"name": "a", "name": "b"}]', "is not JSON ('name' stands twice in an object)"),
        ('[{"alpha": NaN}]', "is not JSON (NaN is no number)"),
        ('[{"alpha": Infinity}]', "is not JSON (Infinity is no number)"),
        ('[{"alpha": 1e999}]', "alpha: must be finite, got inf"),
        ('[{"alpha": true}]', "alpha: must be a number, got True"),
        ('[{"N": true}]', "N: must be a whole number, got True"),
        ('[{"N": 1.5}]', "N: must be a whole number, got 1.5"),
        ('[{"N": {"a": [1]}}]', "N: must be a whole number, got {'a': [1]}"),
        (f'[{{"N": 1{"0" * 30}}}]', f"N: must be at most 1000000000 in size, got 1{'0' * 30}"),
        (f'[{{"N": 1{"0" * 4200}}}]', "N: must be at most 1000000000 in size, got 1000"),
        (f'[{{"N": 1{"0" * 9000}}}]', "is not JSON"),
        ('[{"stride": [1, 2, 3]}]', "stride: must be 3 or 3x5, got [1, 2, 3]"),
        ('[{"stride": [1, [2]]}]', "stride: must be a whole number, got [2]"),
        ('[{"padding": [[1], [2, 3]]}]', "padding: must be top:bottom x left:right as in 1:2x0:1, got [1]"),
        ('[{"ceil_mode": 1}]', "ceil_mode: must be true or false, got 1"),
        ('[{"name": 5}]', "name: must be text of at most 100 characters without |, got 5"),
        ('[{"name": "\\ud800"}]', "name: must be text of at most 100 characters without |, got '\\ud800'"),
        ('[{"operation": ["conv2d"]}]', "operation: must be one of"),
        ("[" * 10**6, "is nested too deeply"),
        ('{"a":' * 10**6, "is nested too deeply"),
        ('[{"N": ' + "[" * 500 + "]" * 500 + "}]", "N: must be a whole number, got [[[[...]]]]"),
        (f"[{','.join(['{}'] * (MOST_LAYERS + 1))}]", "must hold at most 10000 layers"),
        (json.dumps([{f"a{number}": 1 for number in range(10**5)}]), "layer 1: 'a0' is no column"),
    ],
)  # fmt: skip
def test_a_hostile_json_file_is_refused(tmp_path, content, fault):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(LayersError) as refused:
        read(path)
    assert fault in str(refused.value)
    assert all(len(line) < 300 + len(str(path)) for line in str(refused.value).splitlines())


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, fault in [
        ("folder.csv", "must be a file"),
        ("pipe.csv", "must be a file"),
        ("none.csv", "cannot be read (No such file or directory)"),
        ("layers.txt", "must end in .csv or .json to be a layers file"),
        ("layers", "must end in .csv or .json to be a layers file"),
        ("a\0.csv", "cannot be read (embedded null"),
        ("a" * 5000 + ".csv", "cannot be read (File name too long)"),
    ]:
        with pytest.raises(LayersError) as refused:
            read(tmp_path / name)
        assert fault in str(refused.value)
        assert str(refused.value).isprintable()


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    """As for anybody but an administrator."""

    def forbid(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "x.csv").write_text(GOOD)
    monkeypatch.setattr("pathlib.Path.open", forbid)
    with pytest.raises(LayersError, match=r"cannot be read \(Permission denied\)$"):
        read(tmp_path / "x.csv")


def test_layers_larger_than_any_memory_are_no_fault_of_the_file():
    (layer,) = parse(changed(N="1000000000", H="1000000000", W="1000000000"), ".csv", "x")
    assert layer.case.output_size == (10**9, 6, 5 * 10**8, 5 * 10**8)


@pytest.mark.parametrize("suffix", [".csv", ".json"])
@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_file_is_read_right_or_refused(tmp_path, suffix, seed):
    """Right means that the layers read can be written and are the same again: nothing is half understood."""
    rng = random.Random(f"{suffix} {seed}")
    text = write(rng.sample(NETWORKS, 6))
    before = (as_json(text) if suffix == ".json" else text).encode()
    path, refused = tmp_path / f"x{suffix}", 0
    for _ in range(150):
        path.write_bytes(damage.content(rng, before))
        try:
            layers, told = read(path), ""
        except LayersError as problem:
            layers, told = None, str(problem)
        if layers is None:
            refused += 1
            assert told
            assert all(len(line) < 400 and line.isprintable() for line in told.splitlines())
        else:
            assert parse(write(layers), ".csv", "x") == layers
            assert all(layer.case.output_size for layer in layers)
    assert 30 < refused < 150


def test_a_file_is_replaced_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "layers.csv"
    assert write(NETWORKS, path) == path.read_text()
    assert read(path) == NETWORKS
    for problem in (OSError(errno.ENOSPC, "full"), KeyboardInterrupt()):

        def fail(*_, problem=problem):
            raise problem

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises((LayersError, KeyboardInterrupt)) as refused:
            write(NETWORKS[:1], path)
        assert [one.name for one in tmp_path.iterdir()] == ["layers.csv"]
        assert read(path) == NETWORKS
        if isinstance(problem, OSError):
            assert str(refused.value) == f"{path} must be a file that can be written to (full)"


def test_a_written_file_has_the_rights_of_any_other_and_a_link_stays_one(tmp_path):
    (tmp_path / "other").write_text("")
    (tmp_path / "layers.csv").symlink_to(tmp_path / "real.csv")
    write(NETWORKS, tmp_path / "layers.csv")
    assert (tmp_path / "layers.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name in ("folder.csv", "none/x.csv", "x.json", "x", "a\0.csv"):
        with pytest.raises(LayersError, match=r"must (end in|be a file)"):
            write(NETWORKS, tmp_path / name)
    assert [one.name for one in tmp_path.iterdir()] == ["folder.csv"]


def test_layers_that_would_be_read_otherwise_are_not_written():
    for case in (
        Case("a", "max_pool2d", (1, 2, 8, 8), None, {"kernel_size": 2, "ties": "all"}, "layers"),
        Case("a", "bias_add", (1, 2, 8, 8), None, {}, "other"),
        Case("a|b", "bias_add", (1, 2, 8, 8), None, {}, "layers"),
        Case("a ", "bias_add", (1, 2, 8, 8), None, {}, "layers"),
        Case("a", "conv2d", (1, 2, 8, 8), (3, 5, 1, 1), {}, "layers"),
    ):
        with pytest.raises(LayersError):
            write([Layer(case)])
    with pytest.raises(LayersError, match="has no layers"):
        write([])


def test_the_documentation_says_every_column_in_80_columns():
    lines = documentation().splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == list(BY_NAME)
    assert "1:2x0:1" in documentation()


def test_every_operation_with_gradients_can_stand_in_a_file():
    assert set(OPERATIONS) == {case.layer for case in cases.CASES}
