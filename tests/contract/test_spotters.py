"""What every model that serves spotting must do. A new file in models/ is tested without writing a test."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import torch
from batches import inputs_of, picture
from test_models import CARDS, settings

from mebench import tasks
from mebench.metrics.intervals import Interval
from mebench.models import build
from mebench.protocols.tasks import task
from mebench.spotting.recording import Footage, Pace

SPOTTERS = [name for name, card in CARDS.items() if "spotting" in card.get("serves", [])]
SCORED = [(name, options) for name in SPOTTERS if CARDS[name].get("training", "gradient") in ("gradient", "fit")
          for options in settings(name)]  # fmt: skip
DIRECT = [name for name in SPOTTERS if CARDS[name].get("training") in ("direct", "oracle")]
CLASSES = 4


@pytest.mark.parametrize(("name", "options"), SCORED)
def test_scores_from_0_to_1_and_logits_with_neutral_for_each_position(name, options):
    model, x = build(name, num_classes=CLASSES, **options).eval(), picture(name, options)
    with torch.no_grad():
        scores, logits = model.frames(x)
    assert scores.shape == (4, x.shape[-1] if inputs_of(name, options)["kind"] == "roi_flow" else 1)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert logits.shape == (*scores.shape, CLASSES + 1)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize(("name", "options"), SCORED)
def test_a_step_on_labelled_positions_lowers_the_loss_of_its_own_batch(name, options):
    """Positions without a class, and those after the end of a recording, are part of the batch."""
    if CARDS[name].get("training", "gradient") != "gradient":
        return
    torch.manual_seed(0)
    model, x = build(name, num_classes=CLASSES, **options), picture(name, options)
    kind = tasks.kind_of(task("casme3-spotting"))
    positions = model.eval().frames(x)[0].shape[1]
    y = torch.arange(4 * positions).reshape(4, positions) % (CLASSES + 3) - 1
    objective, forward = kind.objective({}, y), kind.forward(model)
    for batch in [(x, y)] if hasattr(model, "see_clips") else ():
        model.see_clips(iter([batch]))
    model.train()

    def loss():
        torch.manual_seed(1)  # the same draws of dropout
        if hasattr(model, "training_loss"):
            return model.training_loss(x, y, objective.loss)[0]
        return objective.loss(forward(x), y)

    optimizer, before = torch.optim.Adam(model.parameters(), lr=1e-3), loss()
    before.backward()
    optimizer.step()
    assert float(loss()) < float(before)


def footage(labels, count=90):
    """Recordings with these labels. What they read is a number for each position, none for the first and last 11."""
    pace, x = Pace(1, 7, count), np.random.default_rng(0).normal(size=(count, 1)).cumsum(axis=0).astype(np.float32)
    x[:11] = x[-11:] = np.nan
    return [Footage(f"v{i}", 200.0, pace, found, lambda: x) for i, found in enumerate(labels)]


@pytest.mark.parametrize("name", DIRECT)
def test_intervals_of_each_recording_the_same_for_the_same_draws(name):
    model = build(name, num_classes=CLASSES)
    training = footage([[Interval(50, 90, "negative"), Interval(300, 330, "surprise")], []])
    tested = footage([[], [], []])
    found = model.spot(training, tested, Random(3))
    assert found == model.spot(training, tested, Random(3))
    assert len(found) == 3
    intervals = [one for video in found for one in video]
    assert all(1 <= one.onset <= one.offset <= 630 for one in intervals)
    assert len({bool(one.emotion) for one in intervals}) <= 1  # all have one, or none has
    assert len(model.spot(footage([[]]), footage([[]]), Random(3))) == 1


def test_the_oracle_gives_back_what_is_labelled_and_the_others_see_no_label():
    oracle = [name for name in DIRECT if CARDS[name]["training"] == "oracle"]
    (name,) = oracle
    tested = footage([[Interval(50, 90, "negative")], []])
    assert build(name, num_classes=CLASSES).spot([], tested, Random(0)) == [[Interval(50, 90, "negative")], []]
