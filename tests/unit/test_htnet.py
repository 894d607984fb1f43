"""HTNet: the windows, the shapes and the parameters of the released network, and what of it can never learn."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange
from toy import loop_on

from mebench import cards
from mebench.config import recipes
from mebench.models import build
from mebench.models.htnet import Attention, Level, centres, mosaic

# first row and first column of the 14x14 windows of eye, eye, mouth corner, mouth corner: the fixed points,
# clamped to 7..21 and truncated, less 7; transposed takes x as the row (docs/model-sources.md#htnet)
WINDOWS = {
    "transposed": [(2, 4), (14, 3), (3, 14), (13, 14)],
    "corrected": [(4, 2), (3, 14), (14, 3), (14, 13)],
}


def pictures(n: int) -> torch.Tensor:
    return torch.randint(0, 256, (n, 3, 28, 28), generator=torch.Generator().manual_seed(0)).float()


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.fixture(scope="module")
def outline():
    """The network of the paper, as shapes without memory."""
    with torch.device("meta"):
        return build("htnet", num_classes=3)


@pytest.fixture
def one_thread():
    """As the engine trains: many small steps, which threads on a busy machine only slow down."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- windows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crop", WINDOWS)
def test_every_pixel_of_the_mosaic_comes_from_its_window(crop):
    rows, columns = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    x = torch.stack([rows, columns, 100 * rows + columns])[None].float().repeat(2, 1, 1, 1)
    x[1] += 5000  # the second clip
    out = mosaic(x, crop)
    assert out.shape == (2, 3, 28, 28)
    for i in range(28):
        for j in range(28):
            row, column = WINDOWS[crop][2 * (i // 14) + j // 14]
            row, column = row + i % 14, column + j % 14
            assert out[0, :, i, j].tolist() == [row, column, 100 * row + column]
    assert torch.equal(out[1], out[0] + 5000)


def test_the_released_windows_are_the_correct_ones_of_the_transposed_face():
    assert centres("transposed") == [(9, 11), (21, 10), (10, 21), (20, 21)]
    assert centres("corrected") == [(column, row) for row, column in centres("transposed")]
    x = pictures(2)
    assert not torch.equal(mosaic(x, "transposed"), mosaic(x, "corrected"))
    released, turned = (rearrange(m, "n c (i h) (j w) -> i j n c h w", i=2, j=2)
                        for m in (mosaic(x, "transposed"), mosaic(x.mT, "corrected")))  # fmt: skip
    assert torch.equal(released, turned.mT)  # the same place in the mosaic, each window transposed


def test_the_crop_is_all_that_tells_the_two_options_apart():
    released, corrected = (build("htnet", num_classes=3, size="small", crop=crop).eval() for crop in WINDOWS)
    corrected.load_state_dict(released.state_dict())
    x = pictures(3)
    assert not torch.allclose(released(x), corrected(x))
    uniform = torch.arange(3.0).reshape(3, 1, 1, 1).expand(3, 3, 28, 28)
    assert torch.equal(released(uniform), corrected(uniform))


# --- the network ---------------------------------------------------------------------------------------------------


def test_shapes_at_each_level(outline):
    shapes = {}
    parts = {name: part for name, part in outline.named_modules() if name}
    for name, part in parts.items():
        part.register_forward_hook(
            lambda _, x, y, name=name: shapes.update({name: (tuple(x[0].shape), tuple(y.shape))})
        )
    outline(torch.zeros(2, 3, 28, 28, device="meta"))
    assert shapes["patches.0"] == ((2, 3, 28, 28), (2, 4, 4, 147))
    assert shapes["patches"][1] == shapes["levels.0"][0] == shapes["levels.0"][1] == (2, 256, 4, 4)
    assert shapes["aggregations.0"][1] == shapes["levels.1"][0] == shapes["levels.1"][1] == (2, 512, 2, 2)
    assert shapes["aggregations.1"][1] == shapes["levels.2"][0] == shapes["levels.2"][1] == (2, 1024, 1, 1)
    assert shapes["head"] == ((2, 1024), (2, 3))
    # 16, 4 and 1 blocks a picture, each of one token; heads of width 85
    for level, (tokens, inner) in enumerate([(2 * 16, 3 * 85), (2 * 4, 6 * 85), (2 * 1, 12 * 85)]):
        assert shapes[f"levels.{level}.attention.0.values"][1] == (tokens, 1, inner)
        assert f"levels.{level}.attention.0.queries_keys" not in shapes  # nobody asks for the scores of one token
        assert outline.levels[level].attention[0].queries_keys.weight.shape[0] == 2 * inner
    assert [len(level.attention) for level in outline.levels] == [2, 2, 10]


def test_parameters_of_each_part(outline):
    """The table in docs/model-sources.md#htnet."""
    assert parameters(outline.patches) == 37_888
    assert [parameters(level) for level in outline.levels] == [1_575_937, 6_293_505, 125_767_681]
    assert [parameters(aggregation) for aggregation in outline.aggregations] == [1_181_184, 4_721_664, 0]
    assert parameters(outline.norm) + parameters(outline.head) == 2 * 1024 + 1024 * 3 + 3
    assert parameters(outline) == 139_582_982


def test_the_patches_are_flattened_row_column_channel():
    x = pictures(1)
    patch = x[0, :, 7:14, 21:28]  # second row, fourth column of patches
    assert torch.equal(build("htnet", 3, size="small").patches[0](x)[0, 1, 3], patch.permute(1, 2, 0).flatten())


def test_every_norm_is_over_channels_with_the_same_epsilon():
    """Biased variance, 1e-5 inside the root."""
    torch.manual_seed(0)
    model = build("htnet", num_classes=3, size="small")
    norms = [part for part in model.modules() if isinstance(part, torch.nn.LayerNorm)]
    assert len(norms) == 2 * (1 + 1 + 2) + 2 + 1  # of attention and MLP of each block, of the aggregations, the last
    assert {norm.eps for norm in norms} == {1e-5}
    x = 9 * torch.rand(2, 96, 3, 4)
    centred = x - x.mean(dim=1, keepdim=True)
    expected = centred / (centred.square().mean(dim=1, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(model.norm(x), expected)


def test_linear_layers_are_the_released_convolutions_of_1x1():
    """A level of 2x2 blocks on 4x4 positions, four tokens a block, worked out with convolutions as released."""
    torch.manual_seed(0)
    level, x = Level(24, heads=3, repeats=1, side=2).double(), torch.rand(2, 24, 4, 4, dtype=torch.double)

    def norm(part, blocks):
        return F.layer_norm(blocks.permute(0, 2, 3, 1), (24,), part.weight, part.bias).permute(0, 3, 1, 2)

    def convolved(part, blocks):
        return F.conv2d(blocks, part.weight[:, :, None, None], part.bias)

    blocks = rearrange(x, "n d (bh h) (bw w) -> (n bh bw) d h w", bh=2, bw=2) + level.position
    (attention,), (mlp,) = level.attention, level.mlp
    normed = norm(attention.norm, blocks)
    q, k = rearrange(convolved(attention.queries_keys, normed), "b (two a c) h w -> two b a (h w) c", two=2, a=3)
    v = rearrange(convolved(attention.values, normed), "b (a c) h w -> b a (h w) c", a=3)
    mixed = rearrange(F.scaled_dot_product_attention(q, k, v), "b a (h w) c -> b (a c) h w", h=2)
    blocks = blocks + convolved(attention.out, mixed)
    blocks = blocks + convolved(mlp[3], F.gelu(convolved(mlp[1], norm(mlp[0], blocks))))
    expected = rearrange(blocks, "(n bh bw) d h w -> n d (bh h) (bw w)", bh=2, bw=2)
    torch.testing.assert_close(level(x), expected)


def test_attention_over_more_tokens_would_be_attention():
    """A block of six tokens agrees with PyTorch's own attention, and a block of one with the shorter way."""
    torch.manual_seed(0)
    attention, x = Attention(24, heads=3).double(), torch.rand(2, 6, 24, dtype=torch.double)
    normed = attention.norm(x)
    q, k = attention.queries_keys(normed).chunk(2, dim=-1)
    heads = [part.unflatten(-1, (3, 8)).transpose(1, 2) for part in (q, k, attention.values(normed))]
    mixed = F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
    torch.testing.assert_close(attention(x), attention.out(mixed))
    alone = attention.norm(x[:, :1])
    assert torch.equal(attention(x[:, :1]), attention.out(attention.mixed(alone, attention.values(alone))))


# --- what can never learn ------------------------------------------------------------------------------------------


def test_queries_and_keys_of_the_full_network_get_no_gradient_and_all_others_one():
    torch.manual_seed(0)
    model = build("htnet", num_classes=3).train()
    F.cross_entropy(model(pictures(6)), torch.arange(6) % 3).backward()
    dead = {name for name, _ in model.named_parameters() if name.endswith("queries_keys.weight")}
    assert len(dead) == 2 + 2 + 10
    # docs/model-sources.md#htnet
    assert sum(p.numel() for name, p in model.named_parameters() if name in dead) == 22_195_200
    assert all(p.grad is None for name, p in model.named_parameters() if name in dead)
    live = {name: p.grad for name, p in model.named_parameters() if name not in dead | {"levels.2.position"}}
    assert [name for name, grad in live.items() if (grad == 0).double().mean() > 0.01] == []


@torch.no_grad()
def test_no_query_no_key_and_no_last_position_changes_a_logit():
    torch.manual_seed(0)
    model, x = build("htnet", num_classes=3, size="small").double().eval(), pictures(3).double()
    before = model(x)
    for name, weight in model.named_parameters():
        if name.endswith("queries_keys.weight"):
            weight.normal_()
    assert torch.equal(model(x), before)
    model.levels[2].position += 3  # the same for all channels: every later norm takes it away again
    torch.testing.assert_close(model(x), before)
    model.levels[1].position += 3
    assert not torch.allclose(model(x), before)


@torch.no_grad()
def test_only_the_aggregations_mix_patches():
    torch.manual_seed(0)
    model, x = build("htnet", num_classes=3, size="small").eval(), torch.rand(1, 24, 4, 4)
    other = x.clone()
    other[0, :, 1, 2] = torch.rand(24)
    moved = (model.levels[0](x) != model.levels[0](other)).any(dim=1)[0]
    assert moved.nonzero().tolist() == [[1, 2]]
    moved = (model.aggregations[0](x) != model.aggregations[0](other)).any(dim=1)[0]
    assert moved.sum() > 1


# --- training ------------------------------------------------------------------------------------------------------


def test_the_recipes():
    """Adam 5e-5, batches of 256, 800 epochs (docs/model-sources.md#htnet); the released class order is a preset."""
    paper, by_class = (recipes.resolve({"model": "htnet", "preset": p})["recipe"] for p in ("paper", "by_class"))
    assert {key: paper[key] for key in ("optimizer", "lr", "weight_decay", "batch_size", "epochs", "order")} == {
        "optimizer": "adam", "lr": 5e-5, "weight_decay": 0.0, "batch_size": 256, "epochs": 800, "order": "shuffled",
    }  # fmt: skip
    assert paper["precision"] == "tf32"  # what convolutions of the release have, unless told otherwise
    assert "22,195,200" in cards.card("models", "htnet")["notes"]
    assert by_class == {**paper, "order": "by_class"}
    assert recipes.resolve("htnet")["inputs"] == {
        "kind": "apex_flow", "size": 28, "channels": ["strain", "v", "u"], "range": "byte", "center": "none",
    }  # fmt: skip


def test_positions_begin_as_normal_numbers_and_are_one_for_each_level():
    positions = []
    for seed in range(200):
        torch.manual_seed(seed)
        positions += [level.position.item() for level in build("htnet", num_classes=3, size="small").levels]
    positions = torch.tensor(positions)
    assert len(positions) == 600
    assert abs(float(positions.mean())) < 0.15
    assert float(positions.std()) == pytest.approx(1, abs=0.1)


def test_the_small_network_learns(one_thread):
    """150 pictures whose class is the channel that moves most."""
    recipe = recipes.resolve({"model": "htnet", "size": "small", "preset": "small"})["recipe"]
    torch.manual_seed(0)
    y = torch.arange(150) % 3
    x = 60 * torch.rand(150, 3, 28, 28)
    x[torch.arange(150), y] += 60
    model = build("htnet", num_classes=3, size="small")
    loop = loop_on(model, recipe, x, y, list(range(120)), seed=0)
    losses = [loop.epoch()[0] for _ in range(recipe["epochs"])]
    assert losses[-1] < 0.5 * losses[0]
    assert (loop.predict(list(range(120, 150))).argmax(dim=1) == y[120:]).float().mean() > 0.8
