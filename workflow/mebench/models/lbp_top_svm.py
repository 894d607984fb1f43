"""LBP-TOP with a linear SVM: the hand-crafted baseline of micro-expression recognition (Zhao, Pietikäinen; TPAMI 2007,
with the settings of MEGC2019)."""

from __future__ import annotations

from mebench.models._svm import LinearSVM

CARD = {
    "title": "LBP-TOP + SVM",
    "kind": "model",
    "paper": "zhao2007lbp_top_svm",
    "licence": "Written from the definition of the operator; no code was taken.",
    "module": "LBPTOPSVM",
    "training": "fit",
    "shared": True,
    "parameters": 0,  # none trained by gradient; the hyperplanes are 1,126 numbers per class
    "flops": 0,
    "inputs": {
        "kind": "lbp_top",
        "size": 142,  # 140, the narrower side of the field's 170 x 140 crops, and a border: 25 blocks of 28 x 28
        "channels": ["lbp_top"],
        "range": "any",
        "center": "none",
    },
    "recipe": {},
    "options": {"C": [1, 10000], "codes": ["uniform", "raw"]},
    "changes": {"codes": {"raw": {"inputs": {"options": {"codes": "raw"}}}}},
    "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0},
    "notes": (
        "The settings of the official baseline of MEGC2019: TIM to 10 frames, P = 4, 5 x 5 blocks, radii "
        "printed as {1, 1, 4} of three planes and read here as R_X, R_Y, R_T. In the line published for the "
        "baseline, the pair for SMIC (UF1 .2000, UAR .5280) looks inconsistent."
    ),
    "deviations": [
        {
            "what": (
                "Uniform codes, histograms that sum to 1 and a square of 142 pixels are ours: codes, "
                "normalisation and crop are not stated."
            ),
            "source": "the guideline of MEGC2019",
        },
        {
            "what": (
                "An SVM on the histograms as they are, one class against the others, with the squared hinge "
                "loss (LIBLINEAR's), is ours: the classifier is not stated."
            ),
            "source": "the guideline of MEGC2019",
            "effect": "Under this loss C = 1 fits closer than under the plain hinge of LIBSVM.",
        },
        {
            "what": "C is fixed beforehand: 1, or 10,000 as an alternative.",
            "source": "the guideline of MEGC2019",
            "effect": "It is never chosen on the test fold.",
        },
    ],
}
VALUES = {"uniform": 25 * 3 * 15, "raw": 25 * 3 * 16}  # blocks x planes x codes


class LBPTOPSVM(LinearSVM):
    """Histograms (N, 1125) of uniform codes, or (N, 1200) of raw ones -> margins (N, num_classes)."""

    def __init__(self, num_classes: int, C: int = 1, codes: str = "uniform"):
        super().__init__(num_classes, VALUES[codes], C)
