"""The clips of a training loop, batch by batch, from memory or from the input store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

IN_MEMORY = 2**30  # bytes of float32 up to which a task's inputs are kept in memory


class OnDisk:
    """Clips (n, ...) that are read from memory-mapped arrays when a batch asks for them.

    ``read(row, draw)`` gives one clip as float32. In training ``draw`` is a random generator, with which a model
    samples other frames in each epoch; in evaluation it is None. The random numbers depend only on the seeds given to
    ``take``.
    """

    def __init__(self, n: int, read: Callable[[int, np.random.Generator | None], np.ndarray]):
        self.read = read
        self.shape = (n, *read(0, None).shape)

    def __len__(self) -> int:
        return self.shape[0]

    def dim(self) -> int:
        """Number of axes; the first axis is that of the clips."""
        return len(self.shape)

    def take(self, rows: Sequence[int], draw: tuple[int, ...] | None = None) -> torch.Tensor:
        """Clips ``rows`` (len(rows), ...) on the CPU. ``draw`` are the seeds of random choices, for example fold and
        epoch."""
        generators = [np.random.default_rng((*draw, place, row)) if draw else None for place, row in enumerate(rows)]
        return torch.from_numpy(np.stack([self.read(row, g) for row, g in zip(rows, generators, strict=True)]))


def take(x: torch.Tensor | OnDisk, rows: Sequence[int], draw: tuple[int, ...] | None = None) -> torch.Tensor:
    """The clips ``rows`` from either source, where it is: in memory of the CPU or of a GPU."""
    if isinstance(x, OnDisk):
        return x.take(rows, draw)
    return x[torch.tensor(rows, device=x.device)]


def settled(x: torch.Tensor | OnDisk, device: torch.device) -> torch.Tensor | OnDisk:
    """``x`` on the device if it takes less than half of the free memory there. Otherwise it stays where it is, and
    batches are moved."""
    if isinstance(x, OnDisk):
        return x
    if device.type == "cuda" and x.nbytes > torch.cuda.mem_get_info(device)[0] / 2:
        return x.pin_memory()
    return x.to(device)


def ahead(batches: Sequence[Sequence[int]], read: Callable[[Sequence[int]], torch.Tensor]) -> Iterator[torch.Tensor]:
    """``read(batch)`` for each batch in order. The next batch is read while the current one is used."""
    if not batches:
        return
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(read, batches[0])
        for following in batches[1:]:
            current, coming = coming.result(), reader.submit(read, following)
            yield current
        yield coming.result()
