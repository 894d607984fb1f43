"""SLSTT: sizes, what learns, and the transformer and the LSTM by their formulas (docs/model-sources.md#slstt)."""

from __future__ import annotations

import math

import pytest
import timm
import torch
import torch.nn.functional as F
from einops import rearrange
from safetensors.torch import save_file
from torch import nn
from toy import data_of, run_fold

from mebench.config import recipes
from mebench.errors import UserError
from mebench.models import build
from mebench.models.slstt import SIZES, VIT
from mebench.plan import Plan
from mebench.training import fold, optim
from mebench.training.data import TaskData


def parameters(*parts: nn.Module | nn.Parameter) -> int:
    return sum(p.numel() for part in parts for p in ([part] if isinstance(part, nn.Parameter) else part.parameters()))


def outline(classes: int = 3, **options) -> nn.Module:
    """The network at full size, as shapes without memory."""
    with torch.device("meta"):
        return build("slstt", num_classes=classes, **options)


def small(classes: int = 3, seed: int = 0, **options) -> nn.Module:
    torch.manual_seed(seed)
    return build("slstt", num_classes=classes, **{"size": "small", "pretrained": "none"} | options)


def pictures(n: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 11, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


# --- sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "everything", "fc2", "lstm_trained", "mean_trained"),
    [(3, 93_052_934, 771, 6_961_667, 3_843), (5, 93_054_986, 1_285, 6_962_181, 5_381)],
)
def test_parameters_of_each_part(classes, everything, fc2, lstm_trained, mean_trained):
    ordered, mean = outline(classes), outline(classes, aggregator="mean")
    for model in (ordered, mean):
        vit = model.vit
        assert parameters(vit.patch_embed) == 590_592
        assert parameters(vit.pos_embed) == 443_136
        assert parameters(vit.cls_token) == 768
        assert parameters(vit.blocks) == 85_054_464
        assert parameters(model.norm) == 1_536
        assert parameters(vit) == 590_592 + 443_136 + 768 + 85_054_464
    assert parameters(ordered.lstm) == 6_828_032
    assert parameters(ordered.fc1) == 131_328
    assert parameters(ordered.fc2) == fc2
    # the release builds the parts of both variants
    assert parameters(ordered) + parameters(mean.head) == everything
    assert parameters(mean) + parameters(ordered.lstm, ordered.fc1, ordered.fc2) == everything
    for model, trained in ((ordered, lstm_trained), (mean, mean_trained)):
        assert sum(p.numel() for p in model.parameters() if p.requires_grad) == trained


def test_shapes():
    model, shapes = outline().eval(), {}
    for name, part in model.named_modules():
        part.register_forward_hook(
            lambda _, x, y, name=name: shapes.update({name: (tuple(x[0].shape), tuple(getattr(y, "shape", ())))})
        )
    model(torch.empty(2, 11, 3, 384, 384, device="meta"))
    assert shapes["vit.patch_embed"] == ((22, 3, 384, 384), (22, 576, 768))
    assert shapes["vit.blocks"] == ((22, 577, 768), (22, 577, 768))
    assert shapes["vit.blocks.0.attn.q_norm"][0] == (22, 12, 577, 64)
    assert shapes["vit.blocks.0.mlp.act"][0] == (22, 577, 3072)
    assert shapes["norm"][1] == shapes["lstm"][0] == (2, 11, 768)
    assert shapes["fc1"] == ((2, 512), (2, 256))
    assert shapes["fc2"] == ((2, 256), (2, 3))
    assert len(model.vit.blocks) == 12
    assert (model.lstm.num_layers, model.lstm.dropout, model.lstm.bidirectional) == (3, 0.0, False)


def test_cost_of_a_picture():
    """55.5 GMAC each, measured on the released classes (docs/model-sources.md#slstt)."""
    card = recipes.cards.card("models", "slstt")
    assert card["flops"] / 11 / 2 / 1e9 == pytest.approx(55.5, abs=0.05)


# --- what learns ---------------------------------------------------------------------------------------------------

HEADS = {"lstm": {"norm", "lstm", "fc1", "fc2"}, "mean": {"norm", "head"}}


@pytest.mark.parametrize("aggregator", HEADS)
@pytest.mark.parametrize("features", ["cached", "live"])
def test_after_one_backward_pass_exactly_the_norm_and_what_follows_has_gradients(aggregator, features):
    model = outline(aggregator=aggregator, features=features).train()
    loss = F.cross_entropy(model(torch.empty(2, 11, 3, 384, 384, device="meta")), torch.zeros(2, 3, device="meta"))
    loss.backward()
    learning = {name for name, p in model.named_parameters() if p.grad is not None}
    assert learning == {name for name, _ in model.named_parameters() if name.split(".")[0] in HEADS[aggregator]}
    assert (
        sum(p.numel() for p in model.parameters() if p.grad is not None)
        == {"lstm": 6_961_667, "mean": 3_843}[aggregator]
    )


def test_nothing_of_a_frozen_transformer_is_kept_for_a_gradient():
    model, kept = small(features="live").train(), []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        assert not model.features(pictures(2)).requires_grad
    assert kept == []


@pytest.mark.parametrize("features", ["cached", "live"])
def test_finetune_trains_everything_and_never_caches(features):
    model = small(backbone="finetune", features=features).train()
    assert not model.caches
    F.cross_entropy(model(pictures(3)), torch.arange(3)).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_a_step_moves_what_learns_and_nothing_else():
    model = small(features="live").train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = optim.optimizer(model, recipes.resolve("slstt")["recipe"])
    F.cross_entropy(model(pictures(3)), torch.arange(3)).backward()
    optimizer.step()
    moved = {name.split(".")[0] for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {"norm", "lstm", "fc1", "fc2"}


def test_the_mean_starts_from_a_classifier_of_zeros():
    model = small(aggregator="mean")
    assert not model.head.weight.any()
    assert not model.head.bias.any()
    assert torch.equal(model(pictures(2)), torch.zeros(2, 3))


# --- by the formulas -----------------------------------------------------------------------------------------------


def layer_norm(x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred / (centred.square().mean(dim=-1, keepdim=True) + 1e-6).sqrt() * gain + shift


def transformer_by_hand(values: dict[str, torch.Tensor], pictures: torch.Tensor, heads: int) -> torch.Tensor:
    """(N, 3, S, S) -> tokens (N, 1 + patches, D) after the last block, from weights under timm's names."""
    v = {name.removeprefix("vit."): value for name, value in values.items() if name.startswith("vit.")}
    filters = v["patch_embed.proj.weight"]
    patches = rearrange(pictures, "n c (i p) (j q) -> n (i j) (c p q)", p=filters.shape[2], q=filters.shape[3])
    x = patches @ filters.flatten(1).T + v["patch_embed.proj.bias"]
    x = torch.cat([v["cls_token"].expand(len(x), 1, -1), x], dim=1) + v["pos_embed"]
    for i in range(1 + max(int(name.split(".")[1]) for name in v if name.startswith("blocks."))):
        b = {name.removeprefix(f"blocks.{i}."): value for name, value in v.items() if name.startswith(f"blocks.{i}.")}
        y = layer_norm(x, b["norm1.weight"], b["norm1.bias"]) @ b["attn.qkv.weight"].T + b["attn.qkv.bias"]
        q, k, w = rearrange(y, "n t (three h d) -> three n h t d", three=3, h=heads)
        scores = torch.einsum("nhsd,nhtd->nhst", q, k) / math.sqrt(q.shape[-1])
        shares = scores.exp() / scores.exp().sum(dim=-1, keepdim=True)
        mixed = rearrange(torch.einsum("nhst,nhtd->nhsd", shares, w), "n h s d -> n s (h d)")
        x = x + mixed @ b["attn.proj.weight"].T + b["attn.proj.bias"]
        y = layer_norm(x, b["norm2.weight"], b["norm2.bias"]) @ b["mlp.fc1.weight"].T + b["mlp.fc1.bias"]
        y = y / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))  # GELU in its tanh form
        x = x + y @ b["mlp.fc2.weight"].T + b["mlp.fc2.bias"]
    return x


def lstm_by_hand(values: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """(N, T, D) -> the state of the top layer after the last step, from zeros."""
    for layer in range(3):
        w, u, b, c = (values[f"lstm.{name}_l{layer}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        state = cell = torch.zeros(len(x), u.shape[1], dtype=x.dtype)
        steps = []
        for t in range(x.shape[1]):
            i, f, g, o = (x[:, t] @ w.T + b + state @ u.T + c).chunk(4, dim=1)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            state = o.sigmoid() * cell.tanh()
            steps.append(state)
        x = torch.stack(steps, dim=1)
    return x[:, -1]


def scattered(model: nn.Module) -> nn.Module:
    """In double precision, with weights far from their start, so that every term of a formula counts."""
    generator = torch.Generator().manual_seed(7)
    model = model.double().eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.2 * torch.randn(p.shape, generator=generator, dtype=torch.double))
    return model


@pytest.mark.parametrize("aggregator", HEADS)
def test_the_network_is_its_formulas(aggregator):
    model, x = scattered(small(aggregator=aggregator)), pictures(2).double()
    with torch.no_grad():
        v = model.state_dict()
        heads = SIZES["small"][0]["num_heads"]
        tokens = transformer_by_hand(v, rearrange(x, "n t c h w -> (n t) c h w"), heads)
        classes = rearrange(tokens[:, 0], "(n t) d -> n t d", n=2)
        torch.testing.assert_close(model.features(x), classes, rtol=1e-9, atol=1e-9)
        seen = layer_norm(classes, v["norm.weight"], v["norm.bias"])
        if aggregator == "mean":
            expected = torch.stack([seen[:, t] @ v["head.weight"].T + v["head.bias"] for t in range(11)]).mean(dim=0)
        else:
            last = lstm_by_hand(v, seen)
            hidden = (last @ v["fc1.weight"].T + v["fc1.bias"]).clamp(min=0)
            expected = hidden @ v["fc2.weight"].T + v["fc2.bias"]
        torch.testing.assert_close(model(x), expected, rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_the_lstm_sees_the_order_of_the_pictures_and_the_mean_does_not():
    x = pictures(3).double()
    ordered, mean = (scattered(small(aggregator=aggregator)) for aggregator in ("lstm", "mean"))
    assert not torch.allclose(ordered(x), ordered(x.flip(1)), rtol=1e-3)
    torch.testing.assert_close(mean(x), mean(x.flip(1)), rtol=1e-9, atol=1e-9)


# --- features: cached and live -------------------------------------------------------------------------------------


@pytest.mark.parametrize("aggregator", HEADS)
@torch.no_grad()
def test_live_and_cached_agree_in_evaluation(aggregator):
    cached, live = (scattered(small(aggregator=aggregator, features=f)) for f in ("cached", "live"))
    assert (cached.caches, live.caches) == (True, False)
    x = pictures(2).double()
    assert torch.equal(cached(x), live(x))
    kept = cached.features(x)
    assert kept.shape == (2, 11, 128)
    assert torch.equal(cached.from_features(kept), cached(x))


def test_half_as_statistics_brings_the_pictures_to_the_range_of_the_weights():
    """docs/model-sources.md#slstt: pictures of 0..1, less 0.5, over 0.5."""
    plain, half = small().eval(), small(statistics="half").eval()
    assert plain.state_dict().keys() == half.state_dict().keys()
    shown = torch.rand(2, 11, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    given = (shown - mean[:, None, None]) / deviation[:, None, None]
    torch.testing.assert_close(half.features(given), plain.features((shown - 0.5) / 0.5), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(half.features(given), plain.features(given), atol=1e-2)
    assert fold.digest_of_frozen(plain) != fold.digest_of_frozen(half)  # features are kept apart


def test_flow_and_stretch_choose_other_pictures_and_add_up():
    """docs/model-sources.md#slstt."""
    assert "options" not in recipes.resolve("slstt")["inputs"]
    entry = recipes.resolve({"model": "slstt", "flow": "tvl1", "stretch": "clip"})
    assert entry["inputs"]["options"] == {"flow": "tvl1", "stretch": "clip"}
    datasets = {"smic": {"source": "synthetic"}}
    both = {"model": "slstt", "pretrained": "none", "flow": "tvl1", "stretch": "clip"}
    plan = Plan({"datasets": datasets, "tasks": ["smic-3"], "models": [both]})
    assert plan.inputs.name(plan.runs[0], "smic") == "long_flow-384.tvl1.clip"


def test_features_to_cache_are_the_same_in_training_and_live_ones_are_not():
    x = pictures(2)
    cached, live = small(features="cached"), small(features="live")
    assert torch.equal(cached.train().features(x), cached.eval().features(x))
    assert torch.equal(live.eval().features(x), cached.features(x))
    assert not torch.equal(live.train().features(x), live.features(x))


def test_dropout_is_on_attention_on_its_projection_and_on_the_output_of_the_mlp():
    model = small(features="live").train()
    rates = {name.split(".", 3)[-1]: part.p for name, part in model.named_modules() if isinstance(part, nn.Dropout)}
    assert rates.pop("pos_drop") == rates.pop("head_drop") == 0.0
    assert rates == {"attn.attn_drop": 0.1, "attn.proj_drop": 0.1, "mlp.drop2": 0.1}
    block, x = scattered(model).vit.blocks[0].train(), torch.randn(4, 500, 128, dtype=torch.double)
    for part in (block.attn, block.mlp):
        assert (part(x) == 0).double().mean().item() == pytest.approx(0.1, abs=0.005)
    # all tokens alike: only the dropped shares of attention can tell them apart
    block.attn.proj_drop.p, alike = 0.0, x[:1, :1].expand(1, 500, 128)
    assert block.attn(alike).std(dim=1).max() > 1e-3
    assert block.attn.eval()(alike).std(dim=1).max() < 1e-12


def test_the_norms_of_the_transformer_have_the_small_epsilon():
    norms = [part for part in outline().modules() if isinstance(part, nn.LayerNorm)]
    assert len(norms) == 12 * 2 + 1
    assert {norm.eps for norm in norms} == {1e-6}


# --- weights -------------------------------------------------------------------------------------------------------


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_a_frozen_random_transformer_is_the_same_in_every_fold_and_seed():
    one, two = small(seed=1), small(seed=2, aggregator="mean", features="live")
    assert equal(one.vit.state_dict(), two.vit.state_dict())
    tuned = [small(seed=seed, backbone="finetune").vit.state_dict() for seed in (1, 2, 2)]
    assert not equal(tuned[0], tuned[1])  # what is trained starts anew
    assert equal(tuned[1], tuned[2])


def test_a_frozen_transformer_draws_nothing_from_the_random_stream_of_the_fold():
    model = small(seed=3)
    after = torch.rand(4)
    torch.manual_seed(3)
    parts = {"lstm": nn.LSTM(128, 64, num_layers=3), "fc1": nn.Linear(64, 32), "fc2": nn.Linear(32, 3)}
    for name, part in parts.items():
        assert equal(getattr(model, name).state_dict(), part.state_dict())
    assert torch.equal(after, torch.rand(4))


def test_a_file_gives_the_transformer_and_its_final_norm(tmp_path):
    torch.manual_seed(9)
    network = timm.create_model(VIT, num_classes=1000, **SIZES["small"][0])
    nn.init.normal_(network.norm.weight)
    save_file(network.state_dict(), tmp_path / "vit.safetensors")
    model = small(pretrained=str(tmp_path / "vit.safetensors"))
    given = {name: value for name, value in network.state_dict().items() if not name.startswith(("head.", "norm."))}
    assert equal(model.vit.state_dict(), given)
    assert equal(model.norm.state_dict(), network.norm.state_dict())
    assert model.norm.weight.requires_grad
    record = fold.weights_record(model)
    assert record["source"] == "file:vit.safetensors"
    assert len(record["digest"]) == 64


def test_there_are_no_imagenet_weights_for_the_small_size():
    with pytest.raises(UserError, match="no ImageNet weights for size: small; write pretrained: none"):
        build("slstt", num_classes=3, size="small")


@pytest.mark.parametrize("aggregator", HEADS)
def test_a_saved_state_gives_the_same_network(aggregator):
    one, two, x = small(seed=1, aggregator=aggregator), small(seed=2, aggregator=aggregator), pictures(2)
    with torch.no_grad():
        for p in one.parameters():
            p.add_(0.1)
    two.load_state_dict(one.state_dict())
    assert torch.equal(one.eval()(x), two.eval()(x))


# --- training ------------------------------------------------------------------------------------------------------


def test_recipe():
    resolved = recipes.resolve("slstt")
    assert resolved["inputs"] == {
        "kind": "long_flow", "size": 384, "channels": ["red", "green", "blue"], "range": "imagenet", "center": "none",
        "crop": "nose",
    }  # fmt: skip
    assert resolved["recipe"] == recipes.RECIPE | {
        "optimizer": "sgd", "lr": 0.01, "momentum": 0.9, "weight_decay": 1e-4, "batch_size": 2, "epochs": 40,
        "schedule": "step", "step_epochs": 30, "gamma": 0.1,
    }  # fmt: skip


def test_the_rate_is_full_in_epochs_1_to_29_and_a_tenth_in_30_to_40():
    recipe, steps = recipes.resolve("slstt")["recipe"], 3
    weight = nn.Linear(1, 1)
    optimizer = optim.optimizer(weight, recipe)
    schedule, rates = optim.Schedule(optimizer, recipe, steps), []
    for _ in range(recipe["epochs"]):
        seen = set()
        for _ in range(steps):
            seen.add(optimizer.param_groups[0]["lr"])
            weight(torch.ones(1, 1)).sum().backward()
            optimizer.step()
            schedule.step()
        rates.append(seen)
    assert rates[:29] == [{0.01}] * 29
    assert [rate for seen in rates[29:] for rate in seen] == pytest.approx([0.001] * 11)


@pytest.mark.parametrize("options", [{}, {"aggregator": "mean"}, {"features": "live"}])
def test_the_small_preset_learns_the_colour_of_flow(options):
    """Three classes that differ in the hue of the pictures; every clip of a held-out subject is recognised."""
    spec = recipes.resolve({"model": "slstt", "preset": "small"} | options) | {"seed": 0, "selection": "last"}
    result = trained_fold(spec, toy(), "s3")
    assert result.chosen.predictions.argmax(1).tolist() == [0, 1, 2] * 4


def test_cached_features_are_computed_once_for_all_folds_and_for_both_aggregators():
    data, entry = toy(), {"model": "slstt", "preset": "small", "epochs": 1}
    for seed, aggregator, subject in ((0, "lstm", "s0"), (0, "lstm", "s1"), (5, "mean", "s0")):
        spec = recipes.resolve(entry | {"aggregator": aggregator}) | {"seed": seed, "selection": "last"}
        trained_fold(spec, data, subject)
    assert [tuple(kept.shape) for kept in data.cache.values()] == [(48, 11, 128)]


def toy() -> TaskData:
    """Four subjects of twelve clips; a class is a colour."""
    y, x = torch.arange(48) % 3, 0.3 * pictures(48)
    for i, label in enumerate(y):
        x[i, :, label] += 1
    ids = [str(i) for i in range(48)]
    return data_of(ids, ["toy"] * 48, [f"s{i // 12}" for i in range(48)], ["a", "b", "c"], x, y, "")


def trained_fold(spec: dict, data: TaskData, subject: str) -> fold.FoldResult:
    train, test = data.folds()[subject]
    return run_fold(spec, data, subject, train, test, torch.device("cpu"))


def test_random_weights_as_the_release_draws_them():
    """docs/model-sources.md#slstt. Glorot's uniform: deviation sqrt(2 / (rows + columns)) of each matrix."""
    released, google = (build("slstt", num_classes=3, size="small", pretrained="none", init=init).vit
                        for init in ("released", "google"))  # fmt: skip
    width = released.embed_dim  # 128
    for vit, matrices in ((released, 3), (google, 1)):
        qkv = vit.blocks[0].attn.qkv
        assert qkv.weight.std().item() == pytest.approx((2 / (width + 3 * width // matrices)) ** 0.5, rel=0.02)
        assert bool(qkv.bias.any()) == (matrices == 3)
    assert 0 < released.blocks[1].attn.proj.bias.abs().max() < 1e-5
    assert not released.cls_token.any()
    assert released.pos_embed.std().item() == pytest.approx(0.02, rel=0.1)
    bound = released.patch_embed.proj.weight[0].numel() ** -0.5
    assert 0.9 * bound < released.patch_embed.proj.weight.abs().max() <= bound
    again = build("slstt", num_classes=3, size="small", pretrained="none", init="released").vit
    assert torch.equal(again.blocks[0].attn.qkv.weight, released.blocks[0].attn.qkv.weight)  # frozen: always the same


def test_pretrained_weights_are_not_drawn():
    with pytest.raises(UserError, match="init: released for random weights alone; write pretrained: none"):
        build("slstt", num_classes=3, pretrained="imagenet", init="released")
