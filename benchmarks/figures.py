"""The one shape of a measured figure: a JSON line."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`peer` is what it is compared with in the same run; `holds` tells whether it reaches the `bar`."""

    bench: str
    figure: str
    value: float
    unit: str
    command: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    bar: float | None = None
    holds: bool | None = None


def emit(figure: Figure) -> None:
    print(json.dumps(asdict(figure), ensure_ascii=False), flush=True)
