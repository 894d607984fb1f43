"""ME-TST: the counts, shapes and initial values of the released network, its loss, and how clips are recognised."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from toy import loop_on

from mebench import cards
from mebench.config import recipes
from mebench.errors import UserError
from mebench.inputs import roi_regions
from mebench.inputs.roi_flow import padded
from mebench.models import build
from mebench.models._mamba import Mamba
from mebench.models.me_tst import Block, balanced_weights, between, clip_logits, drop_rates, emotions, window_loss
from mebench.plan import Plan

VARIANTS = {"code2024": 10, "code2025": 10, "plus": 36, "boosting": 36}  # and their channels


def motion(n: int, channels: int = 10, frames: int = 30) -> torch.Tensor:
    x = torch.randn(n, channels, frames, generator=torch.Generator().manual_seed(0))
    x[..., 0] = 0
    return x


def outline(**options) -> nn.Module:
    """The network with 4 emotions, as shapes without memory."""
    with torch.device("meta"):
        return build("me_tst", num_classes=4, **options)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def small(**options) -> nn.Module:
    torch.manual_seed(0)
    return build("me_tst", num_classes=3, size="small", **options)


# --- the network ------------------------------------------------------------------------------------------------------


def test_parameters_of_each_part():
    """docs/model-sources.md#me-tst."""
    model = outline()
    assert parameters(model.stem) == 14_592
    assert [parameters(block) for block in model.trunk] == [51_328] * 12
    assert (parameters(model.spot_head), parameters(model.emotion_head)) == (65, 325)


# docs/model-sources.md#me-tst: used parameters, then those of the released code, which builds more than it uses
@pytest.mark.parametrize(
    ("options", "used", "released"),
    [
        ({}, 630_918, None),
        ({"variant": "code2025"}, 1_900_806, None),
        ({"trunk": "separate"}, 1_246_854, 1_249_926),  # the second stack is built but not used
        ({"variant": "code2025", "trunk": "separate"}, 3_747_078, 3_753_222),
        ({"variant": "plus"}, 16_653_318, 16_671_750),
        ({"variant": "boosting"}, 8_359_686, 8_368_902),
    ],
)
def test_parameters_of_each_variant(options, used, released):
    model = outline(**options)
    assert parameters(model) == used
    unused_norms = sum(2 * part.inner[0].weight.numel() for part in model.modules() if isinstance(part, Block))
    assert released in (None, used + unused_norms)  # a third LayerNorm in each block


def test_drop_path_rates():
    """docs/model-sources.md#me-tst, as printed there."""
    printed = [0, 0, 0.0182, 0.0364, 0.0545, 0.0727, 0.0909, 0.1091, 0.1273, 0.1455, 0.1636, 0.1818]
    assert [round(rate, 4) for rate in drop_rates(12)] == printed
    assert [round(rate, 4) for rate in drop_rates(4)] == [0, 0, 0.0667, 0.1333]
    assert drop_rates(1) == [0]
    assert [block.inner[3].rate for block in outline().trunk] == drop_rates(12)
    plus = outline(variant="plus")
    stages = [stage for pathway in (plus.trunk, plus.emotion_trunk) for stage in (*pathway.fast, *pathway.slow)]
    assert [[block.inner[3].rate for block in stage] for stage in stages] == [drop_rates(4)] * 12


def shapes(model: nn.Module, x: torch.Tensor) -> dict[str, tuple[int, ...]]:
    found = {}
    for name, part in model.named_modules():
        part.register_forward_hook(lambda _, x, y, name=name: found.update({name: tuple(getattr(y, "shape", ()))}))
    model(x)
    return found


def test_shapes_of_the_2024_network():
    found = shapes(outline().eval(), torch.zeros(2, 10, 50, device="meta"))
    assert found["stem"] == found["trunk"] == found["trunk.11.inner.1"] == (2, 50, 64)
    assert found["trunk.0.inner.1.in_proj"] == (2, 50, 2 * 128)
    assert (found["spot_head"], found["emotion_head"], found[""]) == ((2, 50, 1), (2, 50, 5), (2, 4))


@pytest.mark.parametrize(("frames", "slow"), [(50, 25), (30, 15), (31, 16)])
def test_shapes_of_the_slow_fast_pathway(frames, slow):
    found = shapes(outline(variant="boosting").eval(), torch.zeros(2, 36, frames, device="meta"))
    assert found["stem"] == found["trunk.fast.0"] == found["trunk.fast.2"] == (2, frames, 128)
    assert found["trunk.enter"] == found["trunk.across.1"] == found["trunk.slow.2"] == (2, slow, 256)
    assert (found["trunk"], found["emotion_head"], found[""]) == ((2, frames, 384), (2, frames, 5), (2, 4))


def test_each_slow_frame_stands_for_two():
    pathway = small(variant="boosting").trunk.eval()
    assert len(pathway.fast) == len(pathway.slow) == 3
    out = pathway(torch.randn(2, 8, 32))
    slow = out[..., :64]
    assert torch.equal(slow[:, 0::2], slow[:, 1::2])
    assert not torch.allclose(slow[:, 0], slow[:, 2])


@pytest.mark.parametrize("options", [{"variant": name} for name in VARIANTS] + [{"trunk": "separate"}])
@pytest.mark.parametrize("frames", [30, 31, 50])
def test_every_variant_takes_a_batch_of_one_and_any_window(options, frames):
    model, x = small(**options), motion(1, VARIANTS[options.get("variant", "code2024")], frames)
    model.training_loss(x, torch.tensor([1]), None)[0].backward()
    spot, logits = model.eval().frames(x)
    assert (spot.shape, logits.shape, model(x).shape) == ((1, frames), (1, frames, 4), (1, 3))
    assert 0 < spot.min() < spot.max() < 1


def test_a_frame_sees_two_frames_ahead_and_all_before():
    """Two convolutions of three frames, then blocks that only look back."""
    model, x = small().double().eval(), motion(1).double()
    changed = x.clone()
    changed[..., 20] += 1
    (spot, logits), (other_spot, other_logits) = model.frames(x), model.frames(changed)
    assert torch.equal((spot != other_spot)[0], torch.arange(30) >= 18)
    assert torch.equal((logits != other_logits).any(2)[0], torch.arange(30) >= 18)


def test_one_trunk_serves_both_tasks_unless_told_otherwise():
    names = {"code2024": False, "code2025": False, "plus": True, "boosting": False}
    assert {name: outline(variant=name).emotion_trunk is not None for name in names} == names
    assert outline(trunk="separate").emotion_trunk is not None
    model, x = small(trunk="separate").eval(), motion(2)
    spot, logits = model.frames(x)
    nn.init.zeros_(model.emotion_trunk[0].inner[2].weight)
    again, changed = model.frames(x)
    assert torch.equal(spot, again)
    assert not torch.equal(logits, changed)


def test_the_slow_fast_variants_have_their_own_say_about_pathways():
    with pytest.raises(UserError, match="no trunk: separate for variant: boosting"):
        build("me_tst", num_classes=3, variant="boosting", trunk="separate")


# --- initial values (docs/model-sources.md#me-tst) --------------------------------------------------------------------


def test_initial_values():
    torch.manual_seed(0)
    model = build("me_tst", num_classes=4)
    layers = [part for part in model.modules() if isinstance(part, Mamba)]
    assert len(layers) == 12
    for layer in layers:
        assert torch.equal(layer.dt_proj.bias, torch.zeros(128))
        torch.testing.assert_close(layer.A_log, torch.arange(1.0, 65).log().expand(128, 64))
        assert torch.equal(layer.D, torch.ones(128))
        bound = 128**-0.5 / 2  # Kaiming's with a = sqrt(5), divided by sqrt(4)
        assert 0.99 * bound < layer.out_proj.weight.abs().max() <= bound
        for linear in (layer.in_proj, layer.x_proj, layer.dt_proj):
            assert linear.weight.std().item() == pytest.approx(0.02, rel=0.05 if linear.weight.numel() > 1000 else 0.2)
        for linear in (layer.in_proj, layer.x_proj):
            assert 0.06 < linear.weight.abs().max() < 2  # cut at +-2 and not at two standard deviations
    for block in model.trunk:
        for norm in (block.inner[0], block.inner[2]):
            assert torch.equal(norm.weight, torch.ones(64))
            assert torch.equal(norm.bias, torch.zeros(64))
    for head in (model.spot_head, model.emotion_head):
        assert torch.equal(head.bias, torch.zeros_like(head.bias))
        assert head.weight.abs().max() < 0.1
    assert model.stem[0].conv.weight.abs().max() > 0.15  # PyTorch's own, up to 1 / sqrt(30)


def test_memory_at_the_start():
    """Step sizes of softplus(0) = log 2: with a zero bias state n keeps 2^-n a frame; Mamba's bias keeps far more."""
    layers = [small(dt_init=start).trunk[0].inner[1] for start in ("zero", "mamba")]
    steps = [F.softplus(layer.dt_proj.bias) for layer in layers]
    kept = torch.exp(-steps[0][:, None] * layers[0].A_log.exp())
    torch.testing.assert_close(kept[:, :20], (2.0 ** -torch.arange(1, 21)).expand(32, 20))
    assert 0.0009 < steps[1].min() < steps[1].max() < 0.101
    same = {name: torch.equal(p, layers[1].get_parameter(name)) for name, p in layers[0].named_parameters()}
    assert not same.pop("dt_proj.bias")
    assert all(same[name] for name in ("A_log", "D", "in_proj.weight", "out_proj.weight"))


# --- the loss (docs/model-sources.md#me-tst) -------------------------------------------------------------------------


def test_the_loss_is_a_mean_over_frames_whatever_the_weights():
    """As PyTorch's cross-entropy has it for one-hot targets; for class indices it divides by the weights' sum."""
    torch.manual_seed(0)
    spot, logits, weights = torch.rand(3, 7), torch.randn(3, 7, 5), torch.tensor([0.3, 2.0, 1.5, 0.0, 6.0])
    spot_target, emotion = (torch.rand(3, 7) > 0.5).float(), torch.randint(0, 5, (3, 7))
    loss = window_loss(spot, logits, spot_target, emotion, weights)
    one_hot = F.one_hot(emotion, 5).float()
    by_probability = F.cross_entropy(logits.reshape(21, 5), one_hot.reshape(21, 5), weight=weights)
    by_hand = -sum(weights[c] * logits[n, t].log_softmax(0)[c] for n in range(3) for t in range(7)
                   for c in [emotion[n, t]]) / 21  # fmt: skip
    torch.testing.assert_close(by_probability, by_hand)
    torch.testing.assert_close(loss, 0.9 * (spot - spot_target).square().mean() + 0.1 * by_hand)
    by_index = F.cross_entropy(logits.reshape(21, 5), emotion.flatten(), weight=weights)
    assert not torch.isclose(by_index, by_hand)


def test_weights_of_frames():
    """100 frames of 5 classes, one of them without any: M / (C count), neutral six times that."""
    weights = balanced_weights(torch.tensor([10, 20, 0, 20, 50]))
    torch.testing.assert_close(weights, torch.tensor([2.0, 1.0, 0.0, 1.0, 6 * 0.4]))
    torch.testing.assert_close(balanced_weights(torch.tensor([1, 1]), neutral=0), torch.tensor([1.0, 0.0]))


@pytest.mark.parametrize(("neutral", "times"), [(6.0, 6), (0.0, 0)])
def test_the_weight_of_neutral_frames_is_an_option(neutral, times):
    """docs/model-sources.md#me-tst: times six, or none at all with strategy 0."""
    model, x, y = small(neutral=neutral), motion(6), torch.tensor([0, 0, 1, 0, 2, 1])
    model.see_clips([(x, y)])
    assert recipes.resolve("me_tst")["options"].get("neutral", 6.0) == 6.0
    once = model.counted.sum() / (len(model.counted) * model.counted[-1])
    torch.testing.assert_close(model.weights()[-1], times * once)


def test_the_shift_of_the_box_is_an_option_of_the_input():
    assert "options" not in recipes.resolve("me_tst")["inputs"]
    entry = {"model": "me_tst", "shift": "scaled"}
    assert recipes.resolve(entry)["inputs"]["options"] == {"shift": "scaled"}
    plan = Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": ["smic-3"], "models": [entry]})
    assert plan.inputs.name(plan.runs[0], "smic") == "roi_flow-10.scaled"


def test_training_weighs_frames_by_how_many_all_training_clips_have():
    """Clips of 30 frames, 28 of them between onset and offset; three of one emotion, two and one of the others."""
    model, x, y = small().eval(), motion(6), torch.tensor([0, 0, 1, 0, 2, 1])
    model.see_clips([(x[:4], y[:4]), (x[4:], y[4:])])
    loss, logits = model.training_loss(x[4:], y[4:], None)
    torch.testing.assert_close(logits, model(x[4:]))
    spot, frames = model.frames(x[4:])
    shown = torch.tensor([[0.0] + 28 * [1.0] + [0.0]] * 2)
    target = torch.tensor([[3] + 28 * [2] + [3], [3] + 28 * [1] + [3]])
    weights = torch.tensor([180 / (4 * 84), 180 / (4 * 56), 180 / (4 * 28), 6 * 180 / (4 * 12)])
    torch.testing.assert_close(loss, window_loss(spot, frames, shown, target, weights))
    assert "counted" not in model.state_dict()


def test_the_loop_shows_all_training_clips_before_training():
    resolved = recipes.resolve({"model": "me_tst", "preset": "small"})
    model, x, y = build("me_tst", num_classes=3, **resolved["options"]), motion(6), torch.tensor([0, 0, 1, 0, 2, 1])
    loop_on(model, resolved["recipe"], x, y, [0, 2, 3], 0, resolved["inputs"])
    assert model.counted.tolist() == [2 * 28, 28, 0, 3 * 2]


# --- clips ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ([0, 1, 2, 3, 4, 5], [0, 1, 1, 1, 1, 0]),  # as long as the window
        ([0, 1, 2, 3, 3, 3], [0, 1, 1, 0, 0, 0]),  # the offset, repeated up to the window's length
        ([0, 1, 2, 1, 1, 1], [0, 1, 1, 0, 0, 0]),  # also where an earlier frame moves as much
        ([0, 1, 1, 1, 1, 1], [0, 1, 0, 0, 0, 0]),  # onset and offset alone
        ([0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]),  # nothing moves
    ],
)
def test_a_clip_shows_its_emotion_between_onset_and_offset(columns, shown):
    x = torch.tensor(columns).float().expand(2, 3, 6).clone()
    x[1] *= torch.tensor([[2.0], [-1.0], [0.5]])  # every region its own
    assert between(x).int().tolist() == [shown, shown]
    assert between(1.07 * x).int().tolist() == [shown, shown]  # as augmentation scales them
    target = emotions(torch.tensor([2, 0]), between(x), neutral=3)
    assert target.tolist() == [[2 if s else 3 for s in shown], [0 if s else 3 for s in shown]]


def test_between_agrees_with_how_windows_are_filled():
    columns = torch.randn(10, 12)
    x = torch.from_numpy(padded(columns.numpy(), 30))[None]
    assert between(x)[0].nonzero().flatten().tolist() == list(range(1, 11))
    x = torch.from_numpy(padded(torch.randn(10, 30).numpy(), 30))[None]  # of a longer clip: its last frame ends it
    assert between(x)[0].nonzero().flatten().tolist() == list(range(1, 29))


def test_a_clip_is_the_mean_of_the_frames_it_shows_without_neutral():
    logits = torch.tensor([[[90.0, 0.0, 7.0], [1.0, 2.0, 70.0], [3.0, -4.0, 50.0], [60.0, 50.0, 0.0]]])
    assert clip_logits(logits, torch.tensor([[False, True, True, False]])).tolist() == [[2.0, -1.0]]
    model, x = small().eval(), motion(2)
    torch.testing.assert_close(model(x), model.frames(x)[1][:, 1:-1, :3].mean(1))


# --- the card ---------------------------------------------------------------------------------------------------------


def test_the_card_reads_the_channels_in_the_order_of_the_paper():
    card = cards.card("models", "me_tst")
    for variant, count in VARIANTS.items():
        inputs = card["inputs"] | recipes.changed(card, {"variant": variant}, "inputs")
        assert (inputs["size"], inputs["channels"]) == (count, roi_regions.names(count))


def test_recipes():
    """docs/model-sources.md#me-tst."""
    paper, plus = (recipes.resolve({"model": "me_tst", "variant": name})["recipe"] for name in ("code2024", "plus"))
    assert {key: paper[key] for key in paper if paper[key] != recipes.RECIPE[key]} == {
        "lr": 1e-4, "epochs": 30, "schedule": "onecycle", "augment": "scale:0.9:1.1",
    }  # fmt: skip
    assert (paper["optimizer"], paper["batch_size"], paper["weight_decay"]) == ("adam", 32, 0)
    assert plus == paper | {"lr": 3e-4, "epochs": 50}
    assert recipes.resolve({"model": "me_tst", "preset": "casme3"})["recipe"] == paper | {"batch_size": 256}


def test_the_small_preset_tells_apart_which_region_moves():
    """Sixty clips to learn, sixty others to tell: mouth up, brow up or wing down, with noise."""
    generator, time = torch.Generator().manual_seed(0), torch.arange(30)
    y, x = torch.arange(120) % 3, 0.15 * torch.randn(120, 10, 30, generator=generator)
    size, apex = 0.5 + torch.rand(120, 1, generator=generator), 10 + 10 * torch.rand(120, 1, generator=generator)
    x[torch.arange(120), torch.tensor([5, 1, 7])[y]] += size * torch.exp(-(((time - apex) / 5) ** 2))
    x[..., 0] = 0
    resolved = recipes.resolve({"model": "me_tst", "preset": "small"})
    torch.manual_seed(0)
    model = build("me_tst", num_classes=3, **resolved["options"])
    loop = loop_on(model, resolved["recipe"], x, y, list(range(60)), 0, resolved["inputs"])
    for _ in range(resolved["recipe"]["epochs"]):
        loop.epoch()
    told = loop.predict(list(range(60, 120))).argmax(1) == y[60:]
    assert told.float().mean() > 0.9
