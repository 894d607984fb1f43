"""Where a training loop gets its clips from: memory, or the input store, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

IN_MEMORY = 2**30  # bytes of float32 up to which a task's inputs are kept in memory


class OnDisk:
    """Clips (n, ...) read from memory-mapped arrays when a batch asks for them.

    ``read(row, draw)`` gives one clip as float32; ``draw`` is a random generator in training, where a model samples
    frames anew in every epoch, and None in evaluation. What is drawn depends on the seeds given to ``take`` alone.
    """

    def __init__(self, n: int, read: Callable[[int, np.random.Generator | None], np.ndarray]):
        self.read = read
        self.shape = (n, *read(0, None).shape)

    def __len__(self) -> int:
        return self.shape[0]

    def dim(self) -> int:
        """Number of axes, the first being the clips."""
        return len(self.shape)

    def take(self, rows: Sequence[int], draw: tuple[int, ...] | None = None) -> torch.Tensor:
        """Clips of ``rows`` (len(rows), ...) on the CPU; ``draw`` are the seeds of a random choice, e.g. of the fold
        and the epoch."""
        generators = [np.random.default_rng((*draw, place, row)) if draw else None for place, row in enumerate(rows)]
        return torch.from_numpy(np.stack([self.read(row, g) for row, g in zip(rows, generators, strict=True)]))


def take(x: torch.Tensor | OnDisk, rows: Sequence[int], draw: tuple[int, ...] | None = None) -> torch.Tensor:
    """The clips ``rows`` of either kind of source, in its own place (memory of the CPU or of a GPU)."""
    if isinstance(x, OnDisk):
        return x.take(rows, draw)
    return x[torch.tensor(rows, device=x.device)]


def settled(x: torch.Tensor | OnDisk, device: torch.device) -> torch.Tensor | OnDisk:
    """``x`` on the device if it takes less than half of the free memory there, else where it is, to be moved batch by
    batch."""
    if isinstance(x, OnDisk):
        return x
    if device.type == "cuda" and x.nbytes > torch.cuda.mem_get_info(device)[0] / 2:
        return x.pin_memory()
    return x.to(device)


def ahead(batches: Sequence[Sequence[int]], read: Callable[[Sequence[int]], torch.Tensor]) -> Iterator[torch.Tensor]:
    """``read(batch)`` of each batch in order, the next one being read while the current one is worked on."""
    if not batches:
        return
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(read, batches[0])
        for following in batches[1:]:
            current, coming = coming.result(), reader.submit(read, following)
            yield current
        yield coming.result()
