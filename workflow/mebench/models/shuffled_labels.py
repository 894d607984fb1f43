"""Control: STSTNet trained on shuffled labels. It must stay at chance."""

from __future__ import annotations

from mebench.models.ststnet import STSTNet

CARD = {
    "title": "Shuffled labels (STSTNet)",
    "kind": "control",
    "paper": None,
    "licence": "",
    "module": "ShuffledLabels",
    "parameters": 1683,
    "flops": 679776,
    "inputs": {
        "kind": "apex_flow",
        "size": 28,
        "channels": ["u", "v", "strain"],
        "range": "unit",
        "center": "train_mean",
    },
    "recipe": {
        "optimizer": "adam",
        "lr": 5e-5,
        "batch_size": 256,
        "epochs": 500,
        "order": "shuffled",
        "labels": "shuffled",
    },
    "presets": {"paper": {}, "small": {"epochs": 50, "lr": 1e-3}},
    "resources": {"mem_mb": 1500, "runtime_min": 60, "gpu": 0},
    "notes": (
        "Above chance here means a leak. Any model that is trained by gradient can be run so: 'labels: shuffled' in "
        "config.yaml."
    ),
}


class ShuffledLabels(STSTNet):
    """STSTNet as its preset plain trains it. The engine shuffles the labels of its training clips."""

    def __init__(self, num_classes: int):
        super().__init__(num_classes, init="torch")
