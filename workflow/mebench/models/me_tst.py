"""ME-TST: Mamba blocks on the motion of face regions, with a spotting score and emotions for each frame (Zou, Guo, Qin,
Li, Wang, Ma; ICASSP 2025)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from einops import rearrange, reduce, repeat
from torch import nn

from mebench.errors import UserError
from mebench.models._layers import DropPath
from mebench.models._mamba import Mamba

# fmt: off
CARD = {
    "title": "ME-TST",
    "kind": "model",
    "serves": ["recognition", "spotting"],
    "paper": "zou2025me_tst",
    "licence": "The authors' code carries no licence; written from a description of it.",
    "module": "METST",
    "parameters": 630853,  # 3 emotions and neutral
    "flops": 31505664,  # a window of 30 frames
    "flops_by_options": [
        {"options": {"neutral": 0.0}, "forward": 31505664},
        {"options": {"shift": "scaled"}, "forward": 31505664},
        {"options": {"scan": "recording"}, "forward": 31505664},
        {"options": {"variant": "code2025"}, "forward": 101349888},
        {"options": {"variant": "plus"}, "forward": 561719808},
        {"options": {"variant": "boosting"}, "forward": 282806784},
        {"options": {"variant": "plus", "size": "small"}, "forward": 14548608},
        {"options": {"size": "small"}, "forward": 780096},
    ],
    "dead": ["*.conv.bias"],  # the batch norm behind it takes it away again
    "inputs": {
        "kind": "roi_flow",
        "size": 10,
        "channels": [
            "brow_left_u", "brow_left_v", "brow_right_u", "brow_right_v", "mouth_u", "mouth_v", "wing_left_u",
            "wing_left_v", "wing_right_u", "wing_right_v",
        ],
        "range": "pixels",
        "center": "none",
    },
    "recipe": {
        "optimizer": "adam",
        "lr": 1e-4,
        "batch_size": 32,
        "epochs": 30,
        "schedule": "onecycle",
        "augment": "scale:0.9:1.1",
    },
    "presets": {
        "paper": {},
        "casme3": {"batch_size": 256},
        "small": {"size": "small", "epochs": 40, "lr": 1e-2, "batch_size": 8, "negatives": 3},
    },
    "options": {
        "variant": ["code2024", "code2025", "plus", "boosting"],
        "trunk": ["shared", "separate"],
        "dt_init": ["zero", "mamba"],
        "neutral": [6.0, 0.0],
        "shift": ["released", "scaled"],
        "scan": ["window", "recording"],
        "size": ["paper", "small"],
    },
    "changes": {
        "variant": {
            "plus": {
                "inputs": {
                    "size": 36,
                    "channels": [
                        "brow_left_u", "brow_left_v", "point20_u", "point20_v", "point19_u", "point19_v", "point18_u",
                        "point18_v", "brow_right_u", "brow_right_v", "point23_u", "point23_v", "point24_u",
                        "point24_v", "point25_u", "point25_v", "mouth_u", "mouth_v", "point48_u", "point48_v",
                        "point54_u", "point54_v", "point51_u", "point51_v", "point57_u", "point57_v", "point62_u",
                        "point62_v", "wing_left_u", "wing_left_v", "wing_right_u", "wing_right_v", "lid_left_u",
                        "lid_left_v", "lid_right_u", "lid_right_v",
                    ],
                },
                "recipe": {"lr": 3e-4, "epochs": 50},
                "resources": {"mem_mb": 5000, "runtime_min": 1440, "gpu": 1},
            },
            "boosting": {
                "inputs": {
                    "size": 36,
                    "channels": [
                        "brow_left_u", "brow_left_v", "point20_u", "point20_v", "point19_u", "point19_v", "point18_u",
                        "point18_v", "brow_right_u", "brow_right_v", "point23_u", "point23_v", "point24_u",
                        "point24_v", "point25_u", "point25_v", "mouth_u", "mouth_v", "point48_u", "point48_v",
                        "point54_u", "point54_v", "point51_u", "point51_v", "point57_u", "point57_v", "point62_u",
                        "point62_v", "wing_left_u", "wing_left_v", "wing_right_u", "wing_right_v", "lid_left_u",
                        "lid_left_v", "lid_right_u", "lid_right_v",
                    ],
                },
                "stage": {"intervals": "variable", "length": "median", "synergy": 1, "neutral_logit": "zero"},
                "recipe": {"lr": 3e-4, "epochs": 50},
                "resources": {"mem_mb": 4000, "runtime_min": 1440, "gpu": 1},
            },
        },
        "shift": {"scaled": {"inputs": {"options": {"shift": "scaled"}}}},
        "scan": {"recording": {"inputs": {"options": {"reference": "recording"}}}},
        "size": {"small": {"resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0}}},
    },
    "resources": {"mem_mb": 2500, "runtime_min": 1440, "gpu": 1},
    "notes": (
        "From the released code; the paper's text was not read. A spotting network: each frame of a window "
        "gets a score and logits of the emotions and neutral. On a GPU where mamba_ssm is installed its scan "
        "is used: then the last bits of a fold are not the same twice."
    ),
    "deviations": [
        {
            "what": (
                "Recognition of a clip averages the emotions' logits over the frames between onset and "
                "offset, without neutral (the paper's strategy 2, spotting is trusted)."
            ),
            "source": "the paper, which has no recognition of a clip",
        },
        {
            "what": (
                "In training the frames between onset and offset are the clip's emotion; onset, offset and "
                "what repeats the offset up to the length of a window are neutral."
            ),
            "source": "the paper, which has no recognition of a clip",
        },
        {
            "what": (
                "A clip of two frames, as sampled (every seventh of SAMM), has none between onset and offset: the "
                "second, its offset, counts as the emotion. There, such an interval has no positive frame."
            ),
            "source": "the released code's labels of frames, onset + 1 to offset - 1",
            "effect": "The clip is learned from and predicted by one frame.",
        },
        {
            "what": (
                "Of a clip longer than a window (50 frames of CAS(ME)^3, 30 at every seventh elsewhere) the "
                "first window counts, and its last frame counts as the offset; so do frames that are missing "
                "just before the offset."
            ),
            "source": "the released code",
        },
        {
            "what": "Both tasks share one pass; there, two are made.",
            "source": "the released code",
            "effect": "One drawing of what drop path leaves out, not two.",
        },
        {
            "what": (
                "The loss has class weights of its own, from the frames of all training clips, as the paper "
                "weighs its windows."
            ),
            "source": "the paper",
            "effect": "The recipe's class_weights and label_smoothing do not reach it.",
        },
        {
            "what": "A window is scaled by any number in 0.90..1.10; there, by whole hundredths.",
            "source": "the released code",
        },
        {
            "what": "The batch is 32 as for SAMM-LV; preset: casme3 has the 256 of CAS(ME)^3.",
            "source": "the released code",
        },
        {
            "what": (
                "A third LayerNorm in each block and a second stack of blocks are left out; trunk: separate "
                "gives recognition that second stack."
            ),
            "source": "the released code",
            "effect": "code2024 has 1,249,926 parameters there with 4 emotions, of which 630,918 are used.",
        },
        {
            "what": (
                "code2025: twice as wide, with the recipe of code2024 (whether the paper was rerun with it, "
                "at 3e-4 for 50 epochs, is unknown)."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "plus: ME-TST+ (two slow-fast pathways, 36 channels); boosting: BoostingVRME's network, one "
                "pathway for both tasks, with the recipe of ME-TST+ and with its own decoding: intervals of their own "
                "length, k_p from the median, neutral intervals deleted, the neutral logit taken as 0."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "dt_init: zero is what the released initialiser makes of Mamba's step sizes; mamba restores "
                "the bias of Mamba."
            ),
            "source": "the released code",
            "effect": "zero is a memory of few frames.",
        },
        {
            "what": (
                "neutral: what the balanced weight of neutral frames is multiplied by; 0 is the paper's "
                "strategy 0."
            ),
            "source": "the paper",
        },
        {
            "what": (
                "shift: scaled converts pixels; there, a head is followed by as many pixels of the frame as "
                "it moved in a face of 320 pixels."
            ),
            "source": "the released code",
        },
        {
            "what": (
                "scan: recording measures all motion from the first frame of a recording, learns from windows of it, "
                "and spots a recording in one pass; there, each window has a first frame and a pass of its own."
            ),
            "source": "the released code",
            "effect": "State is carried from frame to frame through the whole recording.",
        },
    ],
}
# fmt: on

# channels, width
VARIANTS = {"code2024": (10, 64), "code2025": (10, 128), "plus": (36, 128), "boosting": (36, 128)}
# what the width is divided by; blocks of a stack; blocks of a stage of the slow-fast pathway
SIZES = {"paper": (1, 12, 4), "small": (4, 2, 1)}
STAGES = 3
DROP_PATH = 0.2
SPOT_SHARE = 0.9  # of the loss; emotions have the rest
NEUTRAL_WEIGHT = 6.0
UNNAMED = -100  # the class of a frame whose emotion is not known: no part of the loss of emotions


class METST(nn.Module):
    """Motion of face regions (N, channels, T), T > 1, in pixels. The first frame is the reference, with motion zero.

    ``frames`` gives spotting scores and emotions of each frame; ``forward`` the emotion of a whole clip, as logits (N,
    num_classes). One trunk serves both tasks, as in the released code; ``trunk: separate`` gives each its own.
    ``neutral`` multiplies the weight of neutral frames in the loss. ``shift`` says how the input follows the head and
    changes nothing in the network; ``scan: recording`` spots in one pass over a recording.
    """

    counted: torch.Tensor

    # parameters: the options of the card
    def __init__(
        self,
        num_classes: int,
        variant: str = "code2024",
        trunk: str = "shared",
        dt_init: str = "zero",
        neutral: float = NEUTRAL_WEIGHT,
        shift: str = "released",
        scan: str = "window",
        size: str = "paper",
    ):
        super().__init__()
        slow_fast = variant in ("plus", "boosting")
        if slow_fast and trunk == "separate":
            raise UserError(
                f"ME-TST has no trunk: separate for variant: {variant}; plus has two pathways, boosting has one"
            )
        (channels, width), (narrower, blocks, stage) = VARIANTS[variant], SIZES[size]
        width //= narrower
        separate = trunk == "separate" or variant == "plus"
        trunks = [SlowFast(width, stage) if slow_fast else stack(width, blocks) for _ in range(1 + separate)]
        out = 3 * width if slow_fast else width
        self.neutral = neutral
        self.whole = scan == "recording"  # in spotting, all windows of a recording are one pass
        self.stem = nn.Sequential(Convolution(channels, width), Convolution(width, width))
        self.trunk = trunks[0]
        self.emotion_trunk = trunks[1] if separate else None
        self.spot_head = nn.Linear(out, 1)
        self.emotion_head = nn.Linear(out, num_classes + 1)  # neutral is the last
        # training frames of each class, neutral last; not a part of what predicts
        self.register_buffer("counted", torch.zeros(num_classes + 1, dtype=torch.int64), persistent=False)
        initialise(self, dt_init)

    def frames(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Spotting scores (N, T), 0 to 1, and logits (N, T, num_classes + 1) of the emotions and, last, neutral."""
        x = self.stem(rearrange(x, "n c t -> n t c"))  # n t d
        spot = self.trunk(x)
        emotion = spot if self.emotion_trunk is None else self.emotion_trunk(x)
        return rearrange(self.spot_head(spot), "n t 1 -> n t").sigmoid(), self.emotion_head(emotion)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return clip_logits(self.frames(x)[1], between(x))

    def see_clips(self, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """See all training samples with their targets, before training: the loss weighs frames by the number of frames
        of each class. Targets are emotions of clips (N,), or classes of frames (N, T) as :mod:`mebench.tasks.spotting`
        has them."""
        classes = len(self.counted)
        for x, y in batches:
            frames = y if y.dim() == 2 else emotions(y, between(x), classes - 1)
            self.counted += torch.bincount(frames[(frames >= 0) & (frames < classes)], minlength=classes)

    def training_loss(
        self, x: torch.Tensor, y: torch.Tensor, criterion: Callable[..., torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss of clips of emotions ``y`` (N,), and their logits (N, num_classes); or of windows with classes of frames
        ``y`` (N, T), and their scores and logits (N, T, 1 + num_classes + 1). The loss of a window has its own weights,
        so the recipe's ``criterion`` is not used."""
        spot, logits = self.frames(x)
        if y.dim() == 2:
            outputs = torch.cat([spot[..., None], logits], dim=-1)
            return labelled_loss(spot, logits, y, self.weights()), outputs
        shown = between(x)
        target = emotions(y, shown, neutral=len(self.counted) - 1)
        return window_loss(spot, logits, shown.float(), target, self.weights()), clip_logits(logits, shown)

    def weights(self) -> torch.Tensor:
        """Weights (C,) of the classes of frames in the loss."""
        return balanced_weights(self.counted, self.neutral)


# --- clips as windows ------------------------------------------------------------------------------------------------


def between(x: torch.Tensor) -> torch.Tensor:
    """Which frames (N, T) of clips (N, C, T) are between onset and offset, both excluded. Columns after the offset
    repeat it to fill the window; they are excluded too. In a clip without such a frame the second frame counts."""
    repeated = (x == x[..., -1:]).all(dim=1)
    after = repeated.flip(1).cumprod(dim=1).flip(1).bool()  # from the offset on
    after[:, :1] = True
    after[:, 1] &= ~after.all(dim=1)
    return ~after


def emotions(y: torch.Tensor, shown: torch.Tensor, neutral: int) -> torch.Tensor:
    """The class of each frame (N, T) of clips of emotions ``y`` (N,): the emotion where it is ``shown``, else
    neutral."""
    return torch.where(shown, y[:, None], neutral)


def clip_logits(logits: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
    """Logits of frames (N, T, emotions + 1) -> logits of clips (N, emotions): their mean over the frames ``shown`` (N,
    T), without neutral."""
    share = (shown / shown.sum(dim=1, keepdim=True)).to(logits.dtype)
    return reduce(logits[..., :-1] * rearrange(share, "n t -> n t 1"), "n t c -> n c", "sum")


# --- the loss of windows ---------------------------------------------------------------------------------------------


def balanced_weights(counts: torch.Tensor, neutral: float = NEUTRAL_WEIGHT) -> torch.Tensor:
    """Weights (C,) of classes with ``counts`` (C,) training frames: M / (C count) for M frames in all. That of the last
    class, neutral, is multiplied by ``neutral``. A class without a frame has 0."""
    counts = counts.float()
    weights = torch.where(counts > 0, counts.sum() / (len(counts) * counts.clamp(min=1)), 0.0)
    weights[-1] *= neutral
    return weights


def window_loss(
    spot: torch.Tensor,
    logits: torch.Tensor,
    spot_target: torch.Tensor,
    emotion_target: torch.Tensor,
    weights: torch.Tensor,
) -> torch.Tensor:
    """0.9 mean squared error of ``spot`` (N, T) + 0.1 weighted cross-entropy of ``logits`` (N, T, C), a scalar.

    Targets are (N, T), ``weights`` (C,). Both terms are divided by the number of frames. PyTorch's mean of a weighted
    cross-entropy would be divided by the sum of weights.
    """
    by_frame = F.cross_entropy(
        rearrange(logits.float(), "n t c -> (n t) c"),
        emotion_target.flatten(),
        weight=weights,
        reduction="none",
        ignore_index=UNNAMED,
    )
    return SPOT_SHARE * F.mse_loss(spot.float(), spot_target) + (1 - SPOT_SHARE) * by_frame.mean()


def labelled_loss(spot: torch.Tensor, logits: torch.Tensor, y: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """:func:`window_loss` of frames (N, T) of classes ``y``: neutral is the last class of ``weights`` (C,), the number
    after it an expression without a class, -1 a frame after the end of its recording, which counts for nothing."""
    neutral, known = len(weights) - 1, y >= 0
    return window_loss(
        spot[known][None], logits[known][None], (y != neutral)[known][None].float(),
        torch.where(y > neutral, UNNAMED, y)[known][None], weights,
    )  # fmt: skip


# --- parts of the network ---------------------------------------------------------------------------------------------


class Convolution(nn.Module):
    """(N, T, channels) -> (N, T / stride, width), each frame with its two neighbours."""

    def __init__(self, channels: int, width: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv1d(channels, width, 3, stride=stride, padding=1)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm(self.conv(rearrange(x, "n t c -> n c t"))))
        return rearrange(x, "n c t -> n t c")


def stack(width: int, blocks: int) -> nn.Sequential:
    """(N, T, width) -> the same shape."""
    return nn.Sequential(*(Block(width, rate) for rate in drop_rates(blocks)))


def drop_rates(blocks: int) -> list[float]:
    """Drop-path rate of each block: 0, then linear from 0 towards 0.2, which one more block would have."""
    return [0.0, *(DROP_PATH * i / (blocks - 1) for i in range(blocks - 1))]


class Block(nn.Module):
    """(N, T, width) -> the same shape: norm, Mamba, norm, added to the input. There is no MLP and no position."""

    def __init__(self, width: int, drop_path: float):
        super().__init__()
        self.inner = nn.Sequential(nn.LayerNorm(width), Mamba(width), nn.LayerNorm(width), DropPath(drop_path))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


class SlowFast(nn.Module):
    """(N, T, width) -> (N, T, 3 width): a fast path, and a slow path with half the frames and twice the width.

    With an odd T the last slow frame stands for one frame instead of two.
    """

    def __init__(self, width: int, blocks: int):
        super().__init__()
        self.enter = Convolution(width, 2 * width, stride=2)
        self.fast = nn.ModuleList(stack(width, blocks) for _ in range(STAGES))
        self.slow = nn.ModuleList(stack(2 * width, blocks) for _ in range(STAGES))
        self.across = nn.ModuleList(Convolution(width, 2 * width, stride=2) for _ in range(STAGES - 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fast, slow = x, self.enter(x)  # n t d, n t/2 2d
        for stage in range(STAGES):
            fast, slow = self.fast[stage](fast), self.slow[stage](slow)
            if stage < STAGES - 1:
                slow = slow + self.across[stage](fast)
        slow = repeat(slow, "n t d -> n (t two) d", two=2)[:, : x.shape[1]]
        return torch.cat([slow, fast], dim=-1)


@torch.no_grad()
def initialise(model: nn.Module, dt_init: str) -> None:
    """Linear layers: normal weights with standard deviation 0.02, and biases 0, also those of Mamba's step sizes unless
    ``dt_init`` is mamba. Then Mamba's last layer: uniform within 1/2 of PyTorch's bound. The rest keeps PyTorch's
    values."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)  # cut at +-2, so never
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in model.modules():
        if isinstance(module, Mamba):
            nn.init.kaiming_uniform_(module.out_proj.weight, a=math.sqrt(5)).div_(math.sqrt(4))
            if dt_init == "mamba":
                module.reset_dt_bias()
