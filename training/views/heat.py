"""Final ranks as a table: one row a kind of module, one column a layer, encoder before decoder."""

import re
from typing import Any

_PLACE = re.compile(r"(encoder|decoder)\.layers\.(\d+)\.(?:(self_attn|encoder_attn)\.)?(\w+)$")


def heat_map(rank_pattern: dict[str, int]) -> dict[str, Any]:
    """-> {columns: [name], rows: [{name, cells: [{rank, share}]}], total, most}; empty without ranks."""
    placed = {key: rank for name, rank in rank_pattern.items() if (key := _place(name))}
    if not placed:
        return {}
    columns = sorted({column for column, _ in placed}, key=lambda c: (c[0] != "encoder", c[1]))
    kinds = sorted({kind for _, kind in placed})
    most = max(placed.values()) or 1
    rows = [
        {"name": kind, "cells": [_cell(placed.get((column, kind)), most) for column in columns]}
        for kind in kinds
    ]
    names = [f"{side} {layer}" for side, layer in columns]
    return {"columns": names, "rows": rows, "total": sum(placed.values()), "most": most}


def _place(name: str) -> tuple[tuple[str, int], str] | None:
    """'model.encoder.layers.0.self_attn.q_proj' -> (('encoder', 0), 'self_attn q_proj')."""
    found = _PLACE.search(name)
    if found is None:
        return None
    side, layer, attention, projection = found.groups()
    return (side, int(layer)), f"{attention} {projection}" if attention else projection


def _cell(rank: int | None, most: int) -> dict[str, Any]:
    return {"rank": rank, "share": 0 if rank is None else round(60 * rank / most)}
