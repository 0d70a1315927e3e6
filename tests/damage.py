"""Damage to files as crashes, disks, editors and spreadsheets do it, drawn at random."""

import gzip
import json
import random
import zlib
from contextlib import suppress

CELLS = (
    *("", "abc", "nan", "inf", "-inf", "-1", "0", "-0", "1.5", "0.0", "1e3", "1e400", "1e-400", "1e300", "1e-300"),
    *("12345678901234567890123", "1,000", "1_000", " 1", "1 ", "0x1", "\u0661", "\x00", "None", "NA", "True", "$x_{$"),
    *("measured", "failed", "not run", "wrong", "machine", "conv2d", "product", "float16", '"', "a\nb", "#", "a" * 400),
    *("scaling/batch 0", "scaling/batch 99999999999999999999", "9" * 5000, "\ufeff", "\u4e2d", "|", "a\u2028b"),
)
VALUES = (
    *(None, True, "", "abc", "1", "nan", [], {}, [1], [None], ["a"], {"a": 1}, {"date": 1}, -1, 0, 1, 1.5, 1e308),
    *(10**30, float("nan"), float("inf"), "\ud800", "a\nb", "\x00", "$x_{$", "a" * 1000, [[[[1]]]], "2026-01-01"),
)


def content(rng: random.Random, before: bytes) -> bytes:
    """The content of a file, damaged."""
    if before.startswith(b"\x1f\x8b") and rng.random() < 0.8:
        with suppress(OSError, EOFError, zlib.error):  # it has come to damage already
            return gzip.compress(content(rng, gzip.decompress(before)), mtime=0)
    ways = [_cut, _flipped, _flipped, _lines, _cell, _cell, _cell, _odd]
    if before.startswith(b"{"):
        ways = [_cut, _flipped, _odd, *[_value] * 5]
    after = rng.choice(ways)(rng, before)
    return content(rng, after) if rng.random() < 0.1 and after else after


def _cut(rng, before):
    return before[: rng.randrange(len(before))]


def _flipped(rng, before):
    after, place = bytearray(before), rng.randrange(len(before))
    after[place] = rng.choice([after[place] ^ 1 << rng.randrange(8), rng.randrange(256), *b'0\n," '])
    return bytes(after)


def _lines(rng, before):
    lines = before.splitlines(keepends=True)
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    way = rng.randrange(4)
    if way == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif way == 1:
        del lines[a]
    elif way == 2:
        lines.insert(b, lines[a])
    else:
        lines[a] = lines[a].rstrip(b"\n") + rng.choice([b",", b",1", b",a\n", b"\r\n", b""])
    return b"".join(lines)


def _cell(rng, before):
    lines = before.split(b"\n")
    row = rng.randrange(len(lines))
    cells = lines[row].split(b",")
    cells[rng.randrange(len(cells))] = rng.choice(CELLS).encode()
    lines[row] = b",".join(cells)
    return b"\n".join(lines)


def _odd(rng, before):
    """What editors and spreadsheets do to all of a file."""
    whole = [
        before.replace(b"\n", b"\r\n"),
        before.decode("utf-8", "replace").encode("utf-16"),
        b"\xef\xbb\xbf" + before,
    ]
    whole += [b"", b"\x00" * 100, b"\xff\xfe" + before, before + before, before.rstrip(), before.replace(b",", b";")]
    whole += [b"[" * 100_000, b"\n" + before, before + b"\n\n\n"]
    return rng.choice(whole)


def _value(rng, before):
    """Another value, or none, at any place of a text of JSON."""
    try:
        found = json.loads(before)
    except ValueError:
        return before
    inside = found
    while isinstance(inside, dict | list) and inside:
        key = rng.choice(list(inside) if isinstance(inside, dict) else range(len(inside)))
        if isinstance(inside[key], dict | list) and inside[key] and rng.random() < 0.7:
            inside = inside[key]
            continue
        if rng.random() < 0.2:
            del inside[key]
        else:
            inside[key] = rng.choice(VALUES)
        break
    return json.dumps(found, indent=2).encode()
