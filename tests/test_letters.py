"""One notation: a letter of the tables in notebook 00 means what they say in every equation of the book.

Of an equation only its letters can be read, each with what stands below and above it. A matrix named G has an index and
a number of groups has none: that is told from the form. Where the form is the same too, only a reader can tell.
"""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = {path.name[:2]: path for path in sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))}
DERIVATIONS = [number for number in BOOK if number <= "07"]

# What may stand below a letter: an axis, an array, a side or nothing. An index has nothing below it.
AXIS, SIDE, NOTHING = r"H|W|", r"H|W|top|bottom|left|right|", r""
BELOW = {
    **dict.fromkeys("S", AXIS + r"|m"),
    **dict.fromkeys("D", AXIS),
    **dict.fromkeys("P", SIDE),
    **dict.fromkeys("GNFrE", NOTHING),
    **dict.fromkeys("C", r"X|Y|"),
    **dict.fromkeys("HW", r"X|Y|K|l|"),
    **dict.fromkeys("nfyxcijhwg", NOTHING),
    **dict.fromkeys("b", r"c|f|"),
    **dict.fromkeys("XKY", r".*"),
}
# An array may be transposed or have a name, and so has the size of a padded one. Other numbers have none.
ABOVE = {**dict.fromkeys(BELOW, r"'?"), **dict.fromkeys("XKY", r".*"), **dict.fromkeys("HW", r"pad|"), "S": r"2|"}

# Commands whose argument is a word, or an operator, and no letter of ours.
WORDS = re.compile(
    r"\\(?:text|operatorname|tag|begin|end|mathcal|mathbb|mathsf|mathbf|substack)\s*(?:\{([^{}]*)\}|(\w))"
)
TOKEN = re.compile(r"\\[A-Za-z]+|[A-Za-z]|[_^{}']|\S")


def prose(number: str) -> str:
    cells = nbformat.read(BOOK[number], as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def equations(number: str) -> list[str]:
    """The displayed equations of a notebook."""
    return re.findall(r"\$\$(.*?)\$\$", prose(number), re.S)


def scripts(tokens: list[str], k: int) -> tuple[dict[str, str], int]:
    """What stands below and above the token before place k, as text, and where the equation goes on."""
    found = {"_": "", "^": ""}
    while k < len(tokens) and tokens[k] in "_^'":
        if tokens[k] == "'":
            found["^"] += "'"
            k += 1
            continue
        where, start = tokens[k], k + 1
        depth, k = 0, start
        while True:
            depth += {"{": 1, "}": -1}.get(tokens[k], 0)
            k += 1
            if depth == 0:
                break
        found[where] = "".join(tokens[start:k]).removeprefix("{").removesuffix("}")
    return found, k


def letters(equation: str) -> list[tuple[str, str, str]]:
    """Every letter of an equation with what stands below and above it, also of those that stand there themselves."""
    # A word stays as a name below or above a letter, in quotes so that it is no product of letters.
    text = WORDS.sub(lambda found: f'"{found[1] or found[2]}"', equation)
    text = re.sub(r"\\mathrm\s*(?:\{[^{}]*\}|d)", "", text)
    tokens = re.findall(r'"[^"]*"|' + TOKEN.pattern, text)
    found = []
    for k, token in enumerate(tokens):
        if re.fullmatch(r"[A-Za-z]", token):
            # A letter that stands below another without braces has nothing around it: in D_c^2 the 2 stands above D.
            alone = k > 0 and tokens[k - 1] in "_^"
            around, _ = scripts(tokens, len(tokens) if alone else k + 1)
            found.append((token, around["_"].replace('"', ""), around["^"].replace('"', "")))
    return found


def table(after: str) -> list[list[str]]:
    """The rows of the table in notebook 00 that follows a sentence."""
    text = prose("00").split(after)[1].split("\n\n")[1]
    return [[part.strip() for part in row.strip("|").split("|")] for row in text.splitlines()[2:]]


def named(cell: str) -> set[str]:
    """The letters that a row of a table is about."""
    return {letter for formula in re.findall(r"\$(.*?)\$", cell) for letter, _, _ in letters(formula)}


def common() -> set[str]:
    return {letter for row in table("take torch's names for them") for letter in named(row[0])}


def of_some() -> dict[str, set[str]]:
    """The letters of one notebook or two, by notebook."""
    found = {number: set() for number in BOOK}
    for letter, _, where in table("Some letters belong to one notebook or two"):
        for number in re.findall(r"\d\d", where):
            found[number] |= named(letter)
    return found


def used_otherwise() -> set[tuple[str, str]]:
    rows = table("have another meaning in one notebook")
    return {
        (number, letter) for cell, _, where in rows for letter in named(cell) for number in re.findall(r"\d\d", where)
    }


def is_misused(letter: str, below: str, above: str) -> bool:
    """Whether a letter of the common table has a form that is not that of its meaning."""
    return letter in BELOW and not (re.fullmatch(BELOW[letter], below) and re.fullmatch(ABOVE[letter], above))


def misused(number: str) -> set[str]:
    return {one[0] for equation in equations(number) for one in letters(equation) if is_misused(*one)}


def test_letters_are_read_with_what_stands_around_them():
    found = letters(r"\mathrm dK_{f} = \sum_{0 \le y < H_Y} X^{\text{pad}}_{n,\,y S} D_c^2 \, G^{\mathsf T} j' \tag{3}")
    assert found == [
        *(("K", "f", ""), ("f", "", "")),
        *(("y", "", ""), ("H", "Y", ""), ("Y", "", "")),
        *(("X", r"n,\,yS", "pad"), ("n", "", ""), ("y", "", ""), ("S", "", "")),
        *(("D", "c", "2"), ("c", "", "")),
        *(("G", "", "T"), ("j", "", "'")),
    ]


@pytest.mark.parametrize(
    "equation", [r"D_c^{-1}", r"G^{\mathsf T} Y", r"(r^2)", r"P_{n,f}", r"x_1", r"\frac{W_{f,m}}{2}"]
)
def test_a_form_that_is_not_the_letters_own_is_seen(equation):
    assert any(is_misused(*one) for one in letters(equation))


def test_every_letter_of_the_table_has_a_form():
    assert common() == {*BELOW}


@pytest.mark.parametrize("number", BOOK)
def test_a_letter_of_the_table_means_one_thing(number):
    assert misused(number) <= {letter for where, letter in used_otherwise() if where == number}


def test_the_derivations_use_no_letter_otherwise():
    assert not {where for where, _ in used_otherwise()} & {*DERIVATIONS}


@pytest.mark.parametrize("number", DERIVATIONS)
def test_every_letter_stands_in_a_table(number):
    used = {letter for equation in equations(number) for letter, _, _ in letters(equation)}
    assert used <= common() | of_some()[number]


@pytest.mark.parametrize("number", DERIVATIONS)
def test_a_notebooks_own_table_says_the_same(number):
    """Where it has one: the name that torch has for a letter is that of notebook 00."""
    names = {row[0]: row[2] for row in table("take torch's names for them")}
    rows = re.findall(r"^\| (\$[^|]+\$) \|.*\| ([^|]*) \|$", prose(number), re.M)
    for letter, name in rows:
        if number != "00" and letter in names:
            assert name == names[letter], letter


def test_the_kernels_size_is_not_the_kernel():
    """K is an array; where a number is meant, it is H_K or W_K."""
    for number in DERIVATIONS:
        assert not re.search(
            r"(?<![_A-Za-z])K\s*(?:[-+]|\^)\s*\d|(?<![_A-Za-z\\])K\s*/\s*2", prose(number).replace("`", "")
        ), number
