"""Numbers as text: so many significant digits, and a unit that leaves one to three of them before the point."""

import math

_PREFIXES = {1: "", 1e-3: "m", 1e-6: "µ", 1e-9: "n"}


def digits(value: float, significant: int = 3) -> str:
    """A number of 0 or above with so many significant digits, without an exponent; nothing for not-a-number.

    >>> digits(1234.5), digits(12.345), digits(0.012345)
    ('1234', '12.3', '0.0123')
    """
    if math.isnan(value):
        return ""
    decimals = significant - 1 - math.floor(math.log10(value)) if value else 0
    return f"{value:.{max(0, decimals)}f}"


def duration(seconds: float, significant: int = 3) -> str:
    """Seconds in the unit that leaves one to three digits before the point.

    >>> duration(0.01234), duration(5e-6), duration(42.3, 2)
    ('12.3 ms', '5.00 µs', '42 s')
    """
    unit = next((unit for unit in _PREFIXES if seconds >= 0.9995 * unit), 1e-9)
    return f"{digits(seconds / unit, significant)} {_PREFIXES[unit]}s"


def size(count: float) -> str:
    """A number of bytes in KiB or MiB.

    >>> size(3 * 2**20), size(1536)
    ('3.00 MiB', '1.50 KiB')
    """
    if math.isnan(count):
        return ""
    return f"{digits(count / 2**20)} MiB" if count >= 2**20 else f"{digits(count / 2**10)} KiB"
