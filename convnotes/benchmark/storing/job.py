"""A job: what is measured at a time, and what is stored of it at a time."""

from dataclasses import dataclass

from convnotes.cases import Case


@dataclass(frozen=True)
class Job:
    """One operation of a case by some implementations in one round; the rows of a job are stored all at once."""

    round: int
    case: Case
    operation: str
    implementations: tuple[str, ...]

    @property
    def problem(self) -> tuple[str, ...]:
        """What is measured, as the rows of the file say it."""
        return self.case.suite, self.case.name, str(self.case.input_size[0]), self.operation

    @property
    def key(self) -> tuple[str, ...]:
        """What tells this job from all others."""
        return str(self.round), *self.problem, *self.implementations

    @property
    def is_machine(self) -> bool:
        return self.case.suite == "machine"
