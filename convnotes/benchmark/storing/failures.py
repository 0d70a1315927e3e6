"""What is told of a failure: whatever was raised becomes a note, since not every exception can be kept or sent."""

from typing import Any

from convnotes.benchmark.storing.schema import FAILED, NOT_OFFERED, NOTE


def note(problem: BaseException) -> str:
    """One line about what was raised; exceptions are classes of anybody's making and may refuse to say anything."""
    try:
        lines = [line.strip() for line in str(problem).splitlines()]
    except BaseException:
        lines = []
    said = next(filter(None, lines), "")
    name = type(problem).__name__
    return NOTE.nearest(f"{name}: {said}" if said else name)


def raised(problem: BaseException) -> dict[str, Any]:
    """What a row says of a call that raised something."""
    return record(note(problem))


def not_offered(problem: NotImplementedError) -> dict[str, Any]:
    """What a row says of a call that an implementation does not offer: the reason alone, if one is given."""
    return record(note(problem).removeprefix("NotImplementedError: "), NOT_OFFERED)


def record(text: str, status: str = FAILED) -> dict[str, Any]:
    """What a row says of a call that failed: the note, and nothing of a timing."""
    return {"status": status, "note": text, "repeat": None, "seconds": None, "loops": None, "estimate_seconds": None}
