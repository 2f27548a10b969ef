"""How long and how large a run is: the full one, and a quick one that shows that everything works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The size of a run; `seconds` is how long a contestant works before the next one takes its turn."""

    processes: int
    rounds: int
    seconds: float
    moons_points: int
    moons_rounds: int
    chain_lengths: tuple[int, ...]
    chain_rounds: int
    imports: int


FULL = Settings(
    processes=5,
    rounds=15,
    seconds=0.01,
    moons_points=100,
    moons_rounds=3,
    chain_lengths=(10**3, 10**4, 10**5, 10**6),
    chain_rounds=3,
    imports=5,
)

QUICK = Settings(
    processes=1,
    rounds=3,
    seconds=0.001,
    moons_points=10,
    moons_rounds=1,
    chain_lengths=(10**2, 10**3, 10**4),
    chain_rounds=1,
    imports=1,
)
