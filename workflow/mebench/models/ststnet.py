"""STSTNet: a shallow network of three streams on optical flow (Liong, Gan, See, Khor, Huang; FG 2019)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from mebench.models._first_layers import conv_norm_pool, fits

CARD = {
    "title": "STSTNet",
    "kind": "model",
    "paper": "liong2019ststnet",
    "licence": "The authors' code carries no licence; written from the paper and a description of script and port.",
    "module": "STSTNet",
    "parameters": 1683,  # 3 classes; the paper states 1,670, which neither its text nor the port reproduces
    "flops": 679776,
    "flops_by_options": [
        {"options": {"variant": "port"}, "forward": 780000},
        {"options": {"init": "narrow"}, "forward": 679776},
        {"options": {"init": "torch"}, "forward": 679776},
        {"options": {"scale": "unit"}, "forward": 679776},
        {"options": {"init": "torch", "scale": "unit"}, "forward": 679776},
    ],
    "stacks": True,
    "inputs": {
        "kind": "apex_flow",
        "size": 28,
        "channels": ["u", "v", "strain"],
        "range": "byte",  # imread's 0..255
        "center": "train_mean",  # zerocenter, stored in the script's layer graph
    },
    "recipe": {
        # main.m
        "optimizer": "adam",
        "lr": 5e-5,
        "batch_size": 256,
        "epochs": 500,
        # what main.m leaves to MATLAB's trainingOptions and layers
        "weight_decay": 1e-4,  # L2Regularization
        "weight_decay_on": "no_biases",  # BiasL2Factor 0; 1 for the scale and offset of batch norm
        "order": "once",  # Shuffle
        "last_batch": "drop",  # an incomplete mini-batch is discarded
        "batch_norm": "training_set",  # mean and variance over the full training set, when training ends
    },
    "presets": {
        "paper": {},
        # the same network with PyTorch's defaults: what this preset changes is all that main.m leaves to MATLAB
        "plain": {
            "init": "torch",
            "scale": "unit",
            "weight_decay": 0.0,
            "weight_decay_on": "all",
            "order": "shuffled",
            "last_batch": "keep",
            "batch_norm": "running",
        },
        "small": {
            "init": "torch",
            "scale": "unit",
            "weight_decay": 0.0,
            "weight_decay_on": "all",
            "order": "shuffled",
            "last_batch": "keep",
            "batch_norm": "running",
            "epochs": 50,
            "lr": 1e-3,
        },
    },
    "options": {"variant": ["paper", "port"], "scale": ["byte", "unit"], "init": ["auto", "narrow", "torch"]},
    "changes": {
        "variant": {
            # the authors' PyTorch port: pictures read as BGR, raw 0..255, fixed batches in class order, 800 epochs
            "port": {
                "inputs": {"channels": ["strain", "v", "u"], "center": "none"},
                "recipe": {
                    "epochs": 800,
                    "weight_decay": 0.0,
                    "weight_decay_on": "all",
                    "order": "by_class",
                    "last_batch": "keep",
                    "batch_norm": "running",
                },
            },
        },
        "scale": {"unit": {"inputs": {"range": "unit"}}},
    },
    "resources": {"mem_mb": 1500, "runtime_min": 60, "gpu": 0},
    "notes": (
        "paper trains what the authors' MATLAB script (main.m) trains; what the script leaves out is MATLAB's default: "
        "weight_decay, weight_decay_on, order, last_batch, batch_norm, init. A LOSO training set of the composite has "
        "fewer than 442 clips, so an epoch is one batch: the same 256 clips in all 500 epochs, the others are never "
        "trained on. plain has PyTorch's defaults instead, and pictures in 0..1. variant: port is the authors' PyTorch "
        "port: padding 2, raw 0..255, (strain, v, u), 800 epochs, fixed batches in class order."
    ),
    "deviations": [
        {
            "what": (
                "init: weights of layers begin at N(0, 0.01), biases at 0, as in MATLAB before R2019a; which release "
                "the authors used is not known (from R2019a on: Glorot's)."
            ),
            "source": "main.m, whose stored layers name no initialiser; MATLAB's documentation",
        },
        {
            "what": (
                "MATLAB was not run: its defaults are those of its documentation, and Adam's constants (0.9, 0.999, "
                "1e-8) those of PyTorch, which are the same numbers."
            ),
            "source": "MATLAB's documentation of trainingOptions, convolution2dLayer and batchNormalizationLayer",
        },
        {
            "what": "Dropout of 0.5 is the port's; the script's own probability could not be read.",
            "source": "the authors' PyTorch port",
        },
        {
            "what": (
                "SMIC, which has no apex, has the middle frame unless the dataset says otherwise; there, the "
                "apex is that of D&C-RoIs."
            ),
            "source": "the paper",
        },
    ],
}


class STSTNet(nn.Module):
    """Three streams with 3, 5 and 8 filters see the same picture (N, 3, 28, 28); logits (N, num_classes).

    A stream is conv 3x3 -> ReLU -> batch norm -> max-pool 3x3/3 -> dropout. Each of these works on one filter at a
    time, and all streams read the full input, so three parallel streams are one stream of 3 + 5 + 8 = 16 filters:
    the same function, the same initial distribution (fan-in 27 in each stream), a third of the passes over memory.
    Where it is ``joined``, the first layers are one when a CPU trains it.

    ``init`` is how the weights of convolution and head begin: ``narrow`` at N(0, 0.01) with biases of 0, as MATLAB did,
    ``torch`` as PyTorch does, ``auto`` as the source of the ``variant`` does. ``scale`` is that of the pictures and
    changes nothing in here.
    """

    joined = True

    def __init__(self, num_classes: int, variant: str = "paper", scale: str = "byte", init: str = "auto"):
        super().__init__()
        self.conv = nn.Conv2d(3, 3 + 5 + 8, kernel_size=3, padding=2 if variant == "port" else 1)
        self.norm = nn.BatchNorm2d(16)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(16 * 5 * 5, num_classes)
        if init == "narrow" or (init == "auto" and variant == "paper"):
            for layer in (self.conv, self.head):
                nn.init.normal_(layer.weight, std=0.01)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and self.joined and fits(x, self.norm):
            x = conv_norm_pool(x, self.conv, self.norm)  # n 16 10 10
        else:
            x = F.relu(self.conv(x), inplace=True)  # n 16 28 28 (port: 30 30)
            x = F.max_pool2d(self.norm(x), kernel_size=3, stride=3, padding=1)  # n 16 10 10
        x = F.avg_pool2d(self.drop(x), kernel_size=2)  # n 16 5 5
        return self.head(rearrange(x, "n c h w -> n (c h w)"))  # n classes
