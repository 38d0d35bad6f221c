"""The text of a file as the readers of all formats see it: lines with their numbers, and whole numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, NoReturn

from opt_twin.errors import InstanceError
from opt_twin.scheduling.resources import LARGEST_HORIZON

__all__ = [
    "INTEGER",
    "LARGEST_SIZE",
    "Source",
    "Tokens",
    "counted",
    "keep_numbers",
    "shortened",
    "source_of",
]

LARGEST_SIZE = 1_000_000
"""Operations; a larger instance is refused."""

INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


class Source(NamedTuple):
    """The lines of a file that are neither blank nor comments.

    Attributes
    ----------
    path
        What error messages call the file.
    text
        All of it.
    lines
        (number from 1, text) of each line that counts.
    last
        The number of the last line.
    tick
        Seconds in one tick that the user asks for; None where the file or the reader decides.
    """

    path: str
    text: str
    lines: tuple[tuple[int, str], ...]
    last: int
    tick: float | None = None

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        """Raise the error about a line, or about the file as a whole."""
        raise InstanceError(message, path=self.path, line=line)

    def line(self, index: int, expected: str) -> tuple[int, str]:
        """Return number and text of the line at `index`."""
        if index >= len(self.lines):
            self.fail(f"the file ends before {expected}", max(self.last, 1))
        return self.lines[index]

    def numbers(self, index: int, expected: str = "a line of whole numbers") -> list[int]:
        """Return the whole numbers of the line at `index`."""
        number, text = self.line(index, expected)
        return self.numbers_of(text.split(), number)

    def numbers_of(self, words: Iterable[str], line: int) -> list[int]:
        """Return `words` of a line as whole numbers."""
        found = []
        for word in words:
            if not INTEGER.fullmatch(word):
                self.fail(f"expected whole numbers of at most 18 digits, found {shortened(word)!r}", line)
            found.append(int(word))
        return found

    def row(self, index: int, count: int, what: str, expected: str) -> list[int]:
        """Return the `count` numbers of the line at `index`; `what` is the line called, as in ``job 3``."""
        numbers = self.numbers(index, f"{what}: expected {expected}")
        if len(numbers) != count:
            self.fail(f"{what} has {counted(len(numbers))}, expected {expected}", self.lines[index][0])
        return numbers

    def rows(self, first: int, count: int, width: int, what: str, expected: str) -> list[list[int]]:
        """Return `count` rows of `width` durations from the line at `first` on."""
        found = []
        for index in range(count):
            row = self.row(first + index, width, f"{what} {index + 1}", expected)
            for duration in row:
                self.duration(duration, self.lines[first + index][0])
            found.append(row)
        return found

    def end(self, index: int, last: str) -> None:
        """Refuse a file that goes on at the line at `index`."""
        if index < len(self.lines):
            self.fail(
                f"expected the end of the file after {last}, "
                f"found {shortened(self.lines[index][1].strip())!r}",
                self.lines[index][0],
            )

    def machine(self, machine: int, machines: int, line: int, *, first: int) -> None:
        """Refuse a machine that is not numbered from `first` on."""
        if machine >= machines + first:
            self.fail(f"machine {machine} >= {machines + first}: machines are numbered from {first}", line)
        if machine < first:
            self.fail(f"machine {machine} < {first}: machines are numbered from {first}", line)

    def duration(self, duration: int, line: int, what: str = "duration") -> None:
        """Refuse a duration that no instance holds."""
        if not 0 <= duration <= LARGEST_HORIZON:
            self.fail(f"{what} {duration} is not between 0 and {LARGEST_HORIZON}", line)

    def size(
        self, jobs: int, machines: int, line: int, *, names: tuple[str, str] = ("jobs", "machines")
    ) -> None:
        """Refuse sizes that are not at least 1, or too large together."""
        if jobs < 1 or machines < 1:
            self.fail(f"{jobs} {names[0]} and {machines} {names[1]}: there must be at least 1 of each", line)
        if jobs * machines > LARGEST_SIZE:
            self.fail(
                f"{jobs} {names[0]} on {machines} {names[1]}: "
                f"more than {LARGEST_SIZE} operations are refused",
                line,
            )

    def sizes(self, index: int, *, most: int) -> list[int]:
        """Return the numbers of a line that begins with jobs and machines."""
        number, text = self.line(index, "the number of jobs and machines")
        found = self.numbers(index)
        if not 2 <= len(found) <= most:
            self.fail(
                f"expected the number of jobs and machines, found {counted(len(found))}: "
                f"{shortened(text.strip())!r}",
                number,
            )
        self.size(found[0], found[1], number)
        return found


class Tokens:
    """The whole numbers of a file one after the other, wherever its lines end.

    Parameters
    ----------
    source
        The file.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._words = [(word, number) for number, line in source.lines for word in line.split()]
        self._next = 0

    @property
    def line(self) -> int:
        """The line of the number that was taken last."""
        return self._words[max(self._next - 1, 0)][1] if self._words else 1

    def take(self, expected: str) -> int:
        """Return the next number; `expected` says what it is."""
        if self._next >= len(self._words):
            self._source.fail(f"the file ends; expected {expected}", max(self._source.last, 1))
        word, line = self._words[self._next]
        if not INTEGER.fullmatch(word):
            self._source.fail(
                f"expected {expected} as a whole number of at most 18 digits, found {shortened(word)!r}", line
            )
        self._next += 1
        return int(word)

    def end(self, last: str) -> None:
        """Refuse what stands behind the last number."""
        if self._next < len(self._words):
            word, line = self._words[self._next]
            self._source.fail(f"expected the end of the file after {last}, found {shortened(word)!r}", line)


def source_of(text: str, path: str, tick: float | None = None) -> Source:
    """Return the lines of `text` without blank lines and those that begin with ``#`` or ``+``."""
    lines = text.splitlines()
    kept = tuple(
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith(("#", "+"))
    )
    return Source(path, text, kept, len(lines), tick)


def keep_numbers(source: Source, keep: Callable[[str], bool]) -> Source:
    """Return `source` with only those lines that `keep` accepts."""
    return source._replace(lines=tuple((number, line) for number, line in source.lines if keep(line)))


def shortened(text: str) -> str:
    """Return the beginning of a text, for messages."""
    return text if len(text) <= 40 else f"{text[:40]}..."


def counted(count: int) -> str:
    """Return ``1 number``, ``2 numbers``."""
    return "1 number" if count == 1 else f"{count} numbers"
