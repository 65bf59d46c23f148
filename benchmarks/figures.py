"""The one shape of a measured figure: a JSON line."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """`peer` is what it is compared with in the same run; `holds` tells whether it reaches the `bar`.

    `more` stands beside these keys in the line: other percentiles, the database, the load.
    """

    bench: str
    figure: str
    value: float | None  # None: not reached
    unit: str
    command: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    bar: float | None = None
    holds: bool | None = None
    more: Mapping[str, object] = field(default_factory=dict)


def emit(figure: Figure) -> None:
    line = asdict(figure)
    print(json.dumps(line | line.pop("more"), ensure_ascii=False), flush=True)
