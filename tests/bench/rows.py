"""The rows of the bench: what is measured, and what it is held against."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """A measure and its target; `measure` begins with an empty, migrated database and an empty media folder."""

    name: str
    unit: str
    measure: Callable[[], float]
    at_most: float | None = None
    at_least: float | None = None

    def passes(self, value: float) -> bool:
        """Whether a value is as good as it should be."""
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)

    @property
    def target(self) -> str:
        bounds = (("≤", self.at_most), ("≥", self.at_least))
        return ", ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)


ROWS: list[Row] = []


def row(*, name: str, unit: str, at_most: float | None = None, at_least: float | None = None):
    """Register the function below it as a row."""

    def register(measure: Callable[[], float]) -> Callable[[], float]:
        ROWS.append(Row(name=name, unit=unit, measure=measure, at_most=at_most, at_least=at_least))
        return measure

    return register
