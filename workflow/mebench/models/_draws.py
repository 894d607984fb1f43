"""The numbers that torch draws on a CPU, without torch: NumPy has the same generator.

After ``torch.manual_seed(seed)`` a CPU draws from a Mersenne Twister that begins with the last 32 bits of the seed, two
words for a number of 53 bits, and ``torch.multinomial`` looks it up in the sums of the shares, in float32. For a single
draw it takes the class with the largest share over an exponential number instead.
"""

from __future__ import annotations

import numpy as np

WORD = np.uint64(32)
FRACTION = np.uint64((1 << 53) - 1)


def uniform(seed: int, count: int) -> np.ndarray:
    """The first ``count`` numbers from 0 to 1, float64."""
    words = np.random.RandomState(seed & 0xFFFFFFFF).randint(0, 2**32, size=2 * count, dtype=np.uint64)
    return (((words[0::2] << WORD) | words[1::2]) & FRACTION) * 2.0**-53


def classes(seed: int, shares: np.ndarray, count: int) -> np.ndarray:
    """``count`` classes drawn with these shares, (count,): the first draw of a stream, with replacement."""
    shares = shares.astype(np.float32)
    if count == 1:
        with np.errstate(divide="ignore"):
            return np.array([(shares / -np.log1p(-uniform(seed, len(shares))).astype(np.float32)).argmax()])
    sums = np.cumsum(shares, dtype=np.float32)
    sums /= sums[-1]
    sums[-1] = 1
    return np.searchsorted(sums.astype(np.float64), uniform(seed, count))
