"""HSTA: sizes, tokens, order of the parts and recipe of the released scripts (docs/model-sources.md#hsta)."""

from __future__ import annotations

import math
from fnmatch import fnmatch

import pytest
import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mebench.config import recipes
from mebench.errors import UserError
from mebench.models import _pretrained, build, hsta
from mebench.models._layers import DropPath
from mebench.models.hsta import CARD, CSTA, HSTA, USTA, Attention, Stage, Tokens, copy_vit, drop_paths, sinusoids
from mebench.training.optim import parameter_groups


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def outline(num_classes: int = 7, **options) -> HSTA:
    """The network as shapes without memory."""
    with torch.device("meta"):
        return build("hsta", num_classes=num_classes, **options)


def small(seed: int = 0, **options) -> HSTA:
    """The narrow network in double precision, without dropout; every parameter is drawn anew, norms and biases too."""
    torch.manual_seed(seed)
    model = build("hsta", num_classes=3, **{"size": "small", "stages": 2, **options}).double().eval()
    return shaken(model)


@torch.no_grad()
def shaken(module: nn.Module) -> nn.Module:
    """Values far from those of initialisation, which would hide norms, biases and whole parts."""
    for p in module.parameters():
        p.add_(torch.randn_like(p), alpha=0.3)
    return module


def frames(n: int, side: int = 64, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 8, 3, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


@pytest.fixture
def one_thread():
    """As a fold is trained: more threads than idle cores slow many small steps down."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stages", "v_depth", "count"),
    [
        (1, 2, 21_614_983),
        (2, 2, 41_705_863),
        (3, 1, 40_535_431),
        (3, 2, 61_796_743),
        (3, 4, 104_319_367),
        (4, 1, 53_539_207),
        (4, 2, 81_887_623),
        (4, 3, 110_236_039),
        (4, 4, 138_584_455),
    ],
)
def test_parameters_of_every_configuration_at_seven_classes(stages, v_depth, count):
    assert parameters(outline(stages=stages, v_depth=v_depth)) == count


def test_parameters_of_each_part():
    """docs/model-sources.md#hsta."""
    model = outline()
    assert [parameters(model.special.patches), parameters(model.video.patches)] == [332_160, 1_180_416]
    assert model.special.cls.numel() + model.video.cls.numel() == 1_152
    assert parameters(model.special_norm) + parameters(model.video_norm) == 2_304
    assert parameters(model.head) == 8_071
    assert [parameters(stage) for stage in model.stages] == 4 * [20_090_880]
    for stage in model.stages:
        assert parameters(stage.usta_special) == 1_774_080
        assert [parameters(layer) for layer in stage.usta_video] == [7_087_104, 7_087_104]
        directions = [stage.csta_special, stage.csta_video]
        assert sum(parameters(direction.there) for direction in directions) == 593_280
        assert sum(parameters(direction.back) for direction in directions) == 593_280
        assert [parameters(d.norm) + parameters(d.attention) for d in directions] == [2_363_904, 592_128]


def test_shapes_from_frames_to_logits():
    model, shapes = outline(), {}
    for name, part in model.named_modules():
        part.register_forward_hook(lambda _, x, y, name=name: shapes.update({name: (x[0].shape, y)}))
    assert model(torch.empty(2, 8, 3, 224, 224, device="meta")).shape == (2, 7)
    assert shapes["special.patches"][0] == (2, 3, 2, 224, 224)
    assert shapes["special.patches"][1].shape == (2, 384, 1, 18, 18)
    assert shapes["video.patches"][0] == (2, 3, 6, 224, 224)
    assert shapes["video.patches"][1].shape == (2, 768, 3, 14, 14)
    assert shapes["special"][1].shape == (2, 325, 384)
    assert shapes["video"][1].shape == (2, 589, 768)
    for i in range(4):
        assert [part.shape for part in shapes[f"stages.{i}"][1]] == [(2, 325, 384), (2, 589, 768)]
        assert shapes[f"stages.{i}.csta_special.attention.q"][0] == (2, 1, 768)  # one query in the other's width
        assert shapes[f"stages.{i}.csta_special.attention.k"][0] == (2, 589, 768)  # itself among the keys
        assert shapes[f"stages.{i}.csta_video.attention.q"][0] == (2, 1, 384)
        assert shapes[f"stages.{i}.csta_video.attention.k"][0] == (2, 325, 384)
    assert shapes["head"][0] == (2, 384 + 768)


def test_the_card_states_the_cost_of_a_clip():
    """88.4 GFLOP (docs/model-sources.md#hsta)."""
    model = outline(num_classes=3).eval()
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 8, 3, 224, 224, device="meta"))
    assert counter.get_total_flops() == CARD["flops"]
    assert CARD["flops"] == pytest.approx(88.4e9, rel=1e-3)


def test_dropout_before_the_classifier_is_an_option():
    """The release asks for it, but never applies it (docs/model-sources.md#hsta)."""
    assert [type(outline().drop), outline(head_dropout=0.4).drop.p] == [nn.Identity, 0.4]
    model = small(head_dropout=0.4)
    fed = []
    model.head.register_forward_hook(lambda _, x, y: fed.append(x[0]))
    x = torch.rand(2, 8, 3, 64, 64, dtype=torch.double)
    model(x)
    model.drop.train()
    model(x)
    kept = fed[1] != 0
    assert 0 < kept.sum() < kept.numel()
    torch.testing.assert_close(fed[1][kept], fed[0][kept] / 0.6)


def test_heads_eps_and_dropout():
    model = outline()
    assert {part.heads for part in model.modules() if isinstance(part, Attention)} == {12}
    assert {part.eps for part in model.modules() if isinstance(part, nn.LayerNorm)} == {1e-6}
    assert {part.approximate for part in model.modules() if isinstance(part, nn.GELU)} == {"none"}
    dropped = {name: part.p for name, part in model.named_modules() if isinstance(part, nn.Dropout)}
    assert set(dropped.values()) == {0.2}
    of_a_stage = ["csta_special.attention.drop", "csta_video.attention.drop"]
    for layer in ("usta_special", "usta_video.0", "usta_video.1"):
        of_a_stage += [f"{layer}.attention.drop", f"{layer}.mlp.3", f"{layer}.mlp.5"]
    expected = [f"stages.{i}.{name}" for i in range(4) for name in of_a_stage]
    assert sorted(dropped) == sorted(["special.drop", "video.drop", *expected])


def test_a_fifth_of_the_tokens_and_of_what_attention_returns_is_dropped():
    torch.manual_seed(0)
    tokens = Tokens(24, 16, frames=6, side=64).train()
    dropped = (tokens(torch.randn(8, 6, 3, 64, 64)) == 0).float().mean()
    assert float(dropped.detach()) == pytest.approx(0.2, abs=0.02)
    x = torch.randn(8, 49, 24)
    dropped = (Attention(24, 3, key_bias=True).train()(x, x) == 0).float().mean()
    assert float(dropped.detach()) == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("part", ["attention", "mlp"])
def test_stochastic_depth_leaves_out_either_part_of_a_layer(part):
    torch.manual_seed(0)
    layer, x = USTA(24, 3, rate=1 - 1e-9).train(), torch.randn(4, 10, 24)
    other = {"attention": layer.mlp[-2], "mlp": layer.attention.out}[part]
    nn.init.zeros_(other.weight)  # the other part adds nothing, dropped or not
    nn.init.zeros_(other.bias)
    torch.testing.assert_close(layer(x), x, rtol=0, atol=0)
    assert not torch.allclose(layer.eval()(x), x)


def test_queries_and_values_of_usta_have_a_bias_and_keys_have_none():
    for stage in outline().stages:
        for layer in (stage.usta_special, *stage.usta_video):
            assert [part.bias is not None for part in (layer.attention.q, layer.attention.k, layer.attention.v)] == [
                True, False, True,
            ]  # fmt: skip
        for direction in (stage.csta_special, stage.csta_video):
            assert all(getattr(direction.attention, part).bias is not None for part in "qkv")


def test_rates_of_stochastic_depth():
    """Two for each stage; the special branch has the first of them (docs/model-sources.md#hsta)."""
    expected = [[0, 0.0286], [0.0571, 0.0857], [0.1143, 0.1429], [0.1714, 0.2]]
    for rates, wanted in zip(drop_paths(4, 2), expected, strict=True):
        assert rates == pytest.approx(wanted, abs=5e-5)
    assert drop_paths(1, 1) == [[0]]
    for stage, rates in zip(outline().stages, drop_paths(4, 2), strict=True):
        assert [layer.drop_path.rate for layer in stage.usta_video] == rates
        assert stage.usta_special.drop_path.rate == rates[0]
        assert not any(
            isinstance(part, DropPath) for d in (stage.csta_special, stage.csta_video) for part in d.modules()
        )


# --- tokens --------------------------------------------------------------------------------------------------------


def test_the_sinusoids_run_over_one_index():
    table = sinusoids(589, 768)
    assert table.shape == (589, 768)
    assert table[0].tolist() == 384 * [0.0, 1.0]
    for place, pair in [(1, 0), (7, 5), (588, 383), (300, 100)]:
        angle = place / 10000 ** (2 * pair / 768)
        assert table[place, 2 * pair].item() == pytest.approx(math.sin(angle), abs=1e-6)
        assert table[place, 2 * pair + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_tokens_are_the_class_token_and_then_time_row_column_each_with_its_place():
    torch.manual_seed(0)
    tokens = Tokens(width=8, patch=4, frames=6, side=10).double().eval()
    x = torch.randn(2, 6, 3, 10, 10, dtype=torch.double)
    out = tokens(x)
    assert out.shape == (2, 1 + 3 * 2 * 2, 8)
    table = sinusoids(13, 8)
    torch.testing.assert_close(out[:, 0], (tokens.cls[0] + table[:1]).expand(2, 8))
    for t, row, column in [(0, 0, 1), (1, 0, 0), (2, 1, 0), (2, 1, 1)]:
        tube = x[1, 2 * t : 2 * t + 2, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].transpose(0, 1)
        expected = (tokens.patches.weight * tube).sum(dim=(1, 2, 3, 4)) + tokens.patches.bias
        place = 1 + 4 * t + 2 * row + column
        torch.testing.assert_close(out[1, place], expected + table[place])


def test_the_special_branch_sees_onset_and_apex_without_their_last_eight_rows_and_columns():
    tokens = Tokens(width=4, patch=12, frames=2, side=224)
    x = torch.randn(1, 2, 3, 224, 224)
    other = x.clone()
    other[..., 216:, :] += 5
    other[..., :, 216:] += 5
    assert torch.equal(tokens.eval()(x), tokens(other))
    other[..., 215, 215] += 5
    assert not torch.equal(tokens(x), tokens(other))


@torch.no_grad()
@pytest.mark.parametrize("changed", range(8))
def test_the_video_branch_sees_the_first_six_frames_and_the_special_branch_the_last_two(changed):
    model, x, seen = small(), frames(1), {"special": [], "video": []}
    for name, outputs in seen.items():
        getattr(model, name).register_forward_hook(lambda _, x, y, outputs=outputs: outputs.append(y))
    model(x)
    x[:, changed] += 1
    model(x)
    assert torch.equal(*seen["special"]) == (changed < 6)
    assert torch.equal(*seen["video"]) == (changed >= 6)


# --- USTA and CSTA, by hand ----------------------------------------------------------------------------------------


def norm_by_hand(part: nn.LayerNorm, x: torch.Tensor) -> torch.Tensor:
    return F.layer_norm(x, x.shape[-1:], part.weight, part.bias, 1e-6)


def attention_by_hand(part: Attention, queries: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    q, k, v = part.q(queries), part.k(tokens), part.v(tokens)
    heads = []
    for q1, k1, v1 in zip(*(y.chunk(part.heads, dim=-1) for y in (q, k, v)), strict=True):
        heads.append((q1 @ k1.mT / math.sqrt(q1.shape[-1])).softmax(dim=-1) @ v1)
    return part.out(torch.cat(heads, dim=-1))


def csta_by_hand(part: CSTA, own: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The new class token (N, own) of a branch."""
    norm, _, linear = part.there
    cls = linear(F.gelu(norm_by_hand(norm, own[:, 0])))
    seen = norm_by_hand(part.norm, torch.stack([cls, *other.unbind(1)[1:]], dim=1))
    cls = cls + attention_by_hand(part.attention, seen[:, :1], seen)[:, 0]
    norm, _, linear = part.back
    return linear(F.gelu(norm_by_hand(norm, cls)))


def with_class_token(tokens: torch.Tensor, cls: torch.Tensor) -> torch.Tensor:
    return torch.cat([cls[:, None], tokens[:, 1:]], dim=1)


def test_usta_is_a_layer_with_norms_first():
    torch.manual_seed(0)
    layer = shaken(USTA(12, heads=3, rate=0.1).double().eval())
    x = torch.randn(2, 7, 12, dtype=torch.double)
    normed = norm_by_hand(layer.norm, x)
    y = x + attention_by_hand(layer.attention, normed, normed)
    norm, first, _, _, second, _ = layer.mlp
    expected = y + second(F.gelu(first(norm_by_hand(norm, y))))
    torch.testing.assert_close(layer(x), expected)


@pytest.fixture
def stage():
    """A stage of two narrow branches and their tokens."""
    torch.manual_seed(0)
    part = shaken(Stage((6, 12), heads=3, rates=[0.0, 0.1]).double().eval())
    return part, torch.randn(2, 5, 6, dtype=torch.double), torch.randn(2, 9, 12, dtype=torch.double)


def test_csta_reads_both_branches_as_usta_left_them(stage):
    """Both directions at once; a branch that is done with a stage before the other begins it reads something else."""
    part, s, v = stage
    after_s, after_v = part.usta_special(s), part.usta_video(v)
    new_s, new_v = csta_by_hand(part.csta_special, after_s, after_v), csta_by_hand(part.csta_video, after_v, after_s)
    got_s, got_v = part(s, v)
    torch.testing.assert_close(got_s, with_class_token(after_s, new_s))
    torch.testing.assert_close(got_v, with_class_token(after_v, new_v))
    assert not torch.isclose(csta_by_hand(part.csta_special, after_s, v), new_s).any()
    assert not torch.isclose(csta_by_hand(part.csta_video, after_v, s), new_v).any()


def test_a_direction_does_not_see_the_class_token_of_the_other_branch(stage):
    part, s, v = stage
    other = with_class_token(v, torch.randn(2, 12, dtype=torch.double))
    assert torch.equal(part.csta_special(s, v), part.csta_special(s, other))
    other[:, 4, 0] += 1
    assert not torch.isclose(part.csta_special(s, v)[:, 0], part.csta_special(s, other)[:, 0]).any()


def test_swapped_projections_of_the_class_tokens_change_both_branches():
    """With branches of one width, where they can be swapped at all (docs/model-sources.md#hsta)."""
    torch.manual_seed(0)
    part = shaken(Stage((12, 12), heads=3, rates=[0.0]).double().eval())
    s, v = torch.randn(2, 5, 12, dtype=torch.double), torch.randn(2, 9, 12, dtype=torch.double)
    before = part(s, v)
    for name in ("there", "back"):
        swap(part.csta_special, part.csta_video, name)
        for old, new in zip(before, part(s, v), strict=True):
            assert not torch.isclose(old[:, 0], new[:, 0]).any()
        swap(part.csta_special, part.csta_video, name)


def swap(one: nn.Module, other: nn.Module, name: str) -> None:
    mine, yours = getattr(one, name), getattr(other, name)
    setattr(one, name, yours)
    setattr(other, name, mine)


def test_patch_tokens_pass_csta_unchanged_and_the_class_token_is_replaced(stage):
    part, s, v = stage
    out = part.csta_special(s, v)
    assert torch.equal(out[:, 1:], s[:, 1:])
    assert not torch.isclose(out[:, 0], s[:, 0]).any()
    # no residual: what CSTA makes of a class token is the same for all that have the same norm
    stretched = with_class_token(s, 3 * s[:, 0] + 1)
    torch.testing.assert_close(part.csta_special(stretched, v)[:, 0], out[:, 0], rtol=1e-4, atol=1e-4)


def test_logits_come_from_the_normed_class_tokens_special_first():
    model, x = small(), frames(2)
    s, v = model.special(x[:, 6:]), model.video(x[:, :6])
    for part in model.stages:
        s, v = part(s, v)
    s, v = norm_by_hand(model.special_norm, s[:, 0]), norm_by_hand(model.video_norm, v[:, 0])
    torch.testing.assert_close(model(x), torch.cat([s, v], dim=1) @ model.head.weight.T + model.head.bias)


# --- what learns, and how --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stages", "v_depth"), [(4, 2), (1, 1), (3, 4)])
def test_every_parameter_gets_a_gradient_but_the_key_biases_of_csta_only_rounding(stages, v_depth):
    model, x = small(stages=stages, v_depth=v_depth).train(), frames(4)
    F.cross_entropy(model(x), torch.arange(4) % 3).backward()
    largest = {name: p.grad.abs().max().item() for name, p in model.named_parameters()}
    dead = {name for name in largest if any(fnmatch(name, pattern) for pattern in CARD["dead"])}
    assert dead == {
        f"stages.{i}.csta_{branch}.attention.k.bias" for i in range(stages) for branch in ("special", "video")
    }
    assert max(largest[name] for name in dead) < 1e-12 * max(largest.values())
    assert min(value for name, value in largest.items() if name not in dead) > 1e-9 * max(largest.values())


@torch.no_grad()
def test_the_key_biases_of_csta_change_no_logit():
    model, x = small(), frames(2)
    before = model(x)
    for name, p in model.named_parameters():
        if fnmatch(name, CARD["dead"][0]):
            p.normal_()
    torch.testing.assert_close(model(x), before)


def test_initial_values():
    torch.manual_seed(0)
    model = build("hsta", num_classes=3, size="small")
    for part in model.modules():
        if isinstance(part, nn.Linear):
            assert part.bias is None or not part.bias.any()
        if isinstance(part, nn.LayerNorm):
            assert (part.weight == 1).all()
            assert not part.bias.any()
        if isinstance(part, nn.Conv3d):  # PyTorch's own: uniform up to one over the root of the fan-in
            bound = part.weight[0].numel() ** -0.5
            assert 0.99 * bound < part.weight.abs().max() <= bound
            assert part.bias.any()
    linear = [part for part in model.modules() if isinstance(part, nn.Linear)]
    scaled = torch.cat([part.weight.flatten() * part.in_features**0.5 for part in linear])
    assert scaled.std().item() == pytest.approx(0.7, rel=0.01)
    for part in linear:
        hsta.initialise(part, "paper")
    assert torch.cat([part.weight.flatten() for part in linear]).std().item() == pytest.approx(0.02, rel=0.01)
    assert torch.cat([model.special.cls.flatten(), model.video.cls.flatten()]).std().item() == pytest.approx(
        0.02, rel=0.3
    )


def test_from_onset_sees_motion_and_no_face():
    """frames: from_onset gives the same for another face that moves as this one does; as_filmed does not."""
    torch.manual_seed(1)
    face, clip = torch.randn(1, 1, 3, 64, 64).double(), torch.randn(1, 8, 3, 64, 64).double()
    for frames, same in (("from_onset", True), ("as_filmed", False)):
        model = small(frames=frames)
        assert torch.allclose(model(clip), model(clip + face), atol=1e-9) == same
    still = clip[:, :1].expand(-1, 8, -1, -1, -1)
    assert torch.allclose(small(frames="from_onset")(still), small(frames="from_onset")(0 * still))


def test_layer_decay_counts_stages_and_class_tokens_decay_as_matrices_do():
    """Patches 0.5905, stages 0.6561 to 0.9, all else 1; biases and norms do not decay (docs/model-sources.md#hsta)."""
    model, recipe = outline(), recipes.resolve("hsta")["recipe"]
    names = {parameter: name for name, parameter in model.named_parameters()}
    expected = {"special.patches": 0.5905, "video.patches": 0.5905, "stages.0": 0.6561, "stages.1": 0.729,
                "stages.2": 0.81, "stages.3": 0.9, "special.cls": 1, "video.cls": 1, "special_norm": 1,
                "video_norm": 1, "head": 1}  # fmt: skip
    seen, decayed = set(), set()
    for group in parameter_groups(model, recipe):
        for name in (names[parameter] for parameter in group["params"]):
            part = next(part for part in expected if name.startswith(part))
            assert group["lr"] / recipe["lr"] == pytest.approx(expected[part], abs=5e-5), name
            seen.add(part)
            decayed |= {name} if group["weight_decay"] == 0.05 else set()
    assert seen == set(expected)
    assert {"special.cls", "video.cls"} <= decayed
    norms = {f"{name}.weight" for name, part in model.named_modules() if isinstance(part, nn.LayerNorm)}
    assert set(names.values()) - decayed == norms | {name for name in names.values() if name.endswith(".bias")}


def test_the_recipe():
    """docs/model-sources.md#hsta: 5e-4 and 1e-6 at a batch of 256, scaled to 32."""
    resolved = recipes.resolve("hsta")
    wanted = {
        "optimizer": "adamw", "lr": 5e-4 * 32 / 256, "min_lr": 1e-6 * 32 / 256, "schedule": "cosine",
        "warmup_epochs": 5, "epochs": 150, "layer_decay": 0.9, "weight_decay": 0.05, "weight_decay_on": "matrices",
        "batch_size": 32, "last_batch": "drop", "order": "balanced", "label_smoothing": 0.0, "class_weights": "none",
        "clip_norm": 0.0, "ema": 0.0, "augment": "none",
    }  # fmt: skip
    assert resolved["recipe"].items() >= wanted.items()
    assert resolved["inputs"] == {
        "kind": "frames", "size": 224, "frames": hsta.FRAMES, "channels": ["r", "g", "b"], "range": "imagenet",
        "center": "none", "crop": "provided",
    }  # fmt: skip


def test_the_small_preset_is_a_narrower_network_on_smaller_frames():
    resolved = recipes.resolve({"model": "hsta", "preset": "small"})
    assert resolved["options"] == {"size": "small", "stages": 2, "frames": "from_onset"}
    assert resolved["inputs"] == recipes.resolve("hsta")["inputs"] | {"size": 64}
    model = outline(num_classes=3, **resolved["options"])
    assert len(model.stages) == 2
    assert model.special(torch.empty(1, 2, 3, 64, 64, device="meta")).shape == (1, 1 + 5 * 5, 24)
    assert model.video(torch.empty(1, 6, 3, 64, 64, device="meta")).shape == (1, 1 + 3 * 4 * 4, 48)


def test_the_small_network_learns(one_thread):
    """Three classes that differ by where apex and onset differ; the clips are those that are learnt."""
    recipe = recipes.resolve({"model": "hsta", "preset": "small"})["recipe"]
    torch.manual_seed(0)
    y = torch.arange(48) % 3
    x = torch.randn(48, 8, 3, 64, 64) * 0.3
    for i, label in enumerate(y):
        x[i, 7, :, 20 * label : 20 * label + 20] += 1
    model = build("hsta", num_classes=3, size="small", stages=2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe["lr"], weight_decay=recipe["weight_decay"])
    for _ in range(recipe["epochs"]):
        for rows in torch.randperm(48).split(recipe["batch_size"]):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    assert (model.eval()(x).argmax(dim=1) == y).float().mean() > 0.9


# --- ImageNet ------------------------------------------------------------------------------------------------------


@torch.no_grad()
def test_layers_begun_with_a_vit_compute_what_its_blocks_compute():
    torch.manual_seed(0)
    model = small(stages=2, v_depth=3)
    vit = VisionTransformer(img_size=64, embed_dim=48, depth=12, num_heads=3, num_classes=0).double().eval()
    shaken(vit)
    before = {name: p.clone() for name, p in model.named_parameters()}
    copy_vit(model, vit)
    picture, x = torch.randn(2, 3, 64, 64, dtype=torch.double), torch.randn(2, 9, 48, dtype=torch.double)
    still = picture[:, :, None].repeat(1, 1, 6, 1, 1)
    tokens = model.video.patches(still)  # n 48 3 4 4
    for t in range(3):  # two equal frames are as one picture
        torch.testing.assert_close(tokens[:, :, t].flatten(2).mT, vit.patch_embed(picture))
    layers = [layer for stage in model.stages for layer in stage.usta_video]
    for layer, block in zip(layers, vit.blocks[:6], strict=True):
        assert block.attn.qkv.bias.chunk(3)[1].abs().max() > 0.1  # the keys' bias, which has no effect
        torch.testing.assert_close(layer(x), block(x))
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed == {name for name in before if name.startswith("video.patches") or ".usta_video." in name}


@pytest.mark.parametrize("pretrained", ["imagenet", "weights.safetensors"])
def test_the_weights_are_those_of_a_vit_b_16_of_this_range(monkeypatch, pretrained):
    import timm

    asked = []

    def backbone(name: str, pretrained: str, **kwargs) -> nn.Module:
        asked.append((name, pretrained))
        vit = timm.create_model(name, **kwargs)
        vit.weights_record = {"source": pretrained, "digest": "d"}
        return vit

    monkeypatch.setattr(_pretrained, "timm_backbone", backbone)
    model = outline(num_classes=3, pretrained=pretrained)  # 768 wide, 12 heads, 16 x 16: it fits, or loading fails
    assert asked == [(hsta.VIT, pretrained)]
    assert model.weights_record == {"source": pretrained, "digest": "d"}
    assert parameters(model) == CARD["parameters"]
    with torch.device("meta"):
        vit = timm.create_model(hsta.VIT)
    assert len(vit.blocks) == hsta.VIT_BLOCKS
    # the mean and deviation that the input range called imagenet has
    assert vit.pretrained_cfg["mean"] == (0.485, 0.456, 0.406)
    assert vit.pretrained_cfg["std"] == (0.229, 0.224, 0.225)


def test_a_vit_that_does_not_fit_is_one_clear_sentence():
    with pytest.raises(UserError, match="size: small and pretrained: imagenet, but .* only fit size: paper"):
        outline(size="small", pretrained="imagenet")
    with pytest.raises(UserError, match="16 layers in its video branch .* only 12 blocks"):
        outline(stages=4, v_depth=4, pretrained="imagenet")
