"""Hours as a person says them."""

from __future__ import annotations


def duration(hours: float) -> str:
    """Hours in the unit that fits: ``8 s``, ``12 min``, ``3.4 h``, ``120 h``."""
    seconds = 3600 * hours
    if 0 < seconds < 0.5:
        return "<1 s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{hours:.1f} h" if hours < 100 else f"{hours:,.0f} h"
