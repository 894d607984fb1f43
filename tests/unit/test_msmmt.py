"""MSMMT: counts, the weights of the patches and the contrast, each against a plain second writing
(docs/model-sources.md#msmmt)."""

from __future__ import annotations

import math
from fnmatch import fnmatch

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mebench import cards
from mebench.config import input_names, recipes
from mebench.inputs import texture_motion
from mebench.models import build
from mebench.models.msmmt import Encoder, Layer, anchored, cross_modal, patch_weights

CARD = cards.card("models", "msmmt")
WEIGHTINGS = CARD["options"]["weighting"]
CONTRASTS = CARD["options"]["contrast"]
OPTIONS = [{}] + [{k: v} for k, values in CARD["options"].items() if k != "size" for v in values[1:]]


def small(seed: int = 0, **options) -> nn.Module:
    torch.manual_seed(seed)
    return build("msmmt", num_classes=3, size="small", **options)


def batch(n: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 6, 64, 64, generator=torch.Generator().manual_seed(seed))


def outline(classes: int = 3, **options) -> nn.Module:
    """The network at full size, as shapes without memory."""
    with torch.device("meta"):
        return build("msmmt", num_classes=classes, **options)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def attention(layers: int = 4, n: int = 2, heads: int = 4, tokens: int = 17, seed: int = 0) -> list[torch.Tensor]:
    """Attention as a trained network may have it: rows of sum 1, some of them sharp."""
    draw = torch.Generator().manual_seed(seed)
    return [(3 * torch.randn(n, heads, tokens, tokens, generator=draw)).softmax(dim=-1) for _ in range(layers)]


def embeddings(n: int = 9, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Unit vectors of both modalities and labels of three classes of unequal size."""
    draw = torch.Generator().manual_seed(seed)
    texture, motion = (F.normalize(torch.randn(n, 8, generator=draw, dtype=torch.double), dim=1) for _ in range(2))
    return texture, motion, torch.tensor([0, 1, 2, 0, 0, 1, 0, 2, 0])[:n]


# --- counts ----------------------------------------------------------------------------------------------------------


def test_parameters_of_each_part():
    """Section 2: 2,675,971 at three classes, 1,287,296 in a branch; the rest by hand."""
    model = outline()
    assert parameters(model) == 2_675_971
    for branch in model.branches.values():
        assert parameters(branch) == 1_287_296
        embeddings = [3 * p * p * 128 + 128 for p in (8, 16, 32)]
        tokens = [e + 128 + (1 + n) * 128 for e, n in zip(embeddings, (256, 64, 16), strict=True)]
        assert [parameters(t) for t in branch.tokens] == tokens
        layer = 4 * (128 * 128 + 128) + 2 * 256 + (128 * 256 + 256) + (256 * 128 + 128)
        assert [parameters(e) for e in branch.encoders] == [4 * layer + 256]  # one for all scales
        assert parameters(branch.join) == 768 * 256 + 256
    assert parameters(model.head) == 2 * 512 + 512 * 3 + 3
    assert [parameters(p) for p in model.projections.values()] == 2 * [256 * 128 + 128 + 128 * 128 + 128]


def test_parameters_of_the_ablations():
    encoder = parameters(outline().branches["texture"].encoders)
    assert parameters(outline(5)) == 2_675_971 + 2 * 513
    assert parameters(outline(contrastive=0.0)) == 2_675_971 - 98_816
    assert parameters(outline(encoder="separate")) == 2_675_971 + 2 * 2 * encoder
    for modality in ("texture", "motion"):
        assert parameters(outline(modalities=modality)) == 1_287_296 + 2 * 256 + 256 * 3 + 3
    for weighting in WEIGHTINGS:
        assert parameters(outline(weighting=weighting)) == 2_675_971


@pytest.mark.parametrize(("scales", "tokens"), [("all", [257, 65, 17]), (8, [257]), (16, [65]), (32, [17])])
def test_tokens_and_attention_of_each_scale(scales, tokens):
    model, seen = outline(scales=scales), []
    for part in model.modules():
        if isinstance(part, Encoder):
            part.register_forward_hook(lambda _, x, y: seen.append((x[0].shape, y[0].shape, [m.shape for m in y[1]])))
    assert model(torch.zeros(2, 6, 128, 128, device="meta")).shape == (2, 3)
    assert seen == 2 * [((2, t, 128), (2, t, 128), 4 * [(2, 4, t, t)]) for t in tokens]


# --- a branch --------------------------------------------------------------------------------------------------------


def test_a_layer_is_torchs_pre_norm_encoder_layer():
    torch.manual_seed(0)
    ours, x = Layer(32).eval(), torch.randn(3, 10, 32)
    theirs = nn.TransformerEncoderLayer(32, 4, 64, 0.1, F.gelu, batch_first=True, norm_first=True).eval()
    for part in ours.modules():
        if isinstance(part, nn.LayerNorm | nn.Linear):
            nn.init.normal_(part.bias)
    values = list(ours.state_dict().values())
    names = ["norm1", "self_attn.in_proj_", "self_attn.out_proj", "norm2", "linear1", "linear2"]
    keys = [f"{n}{'' if n.endswith('_') else '.'}{kind}" for n in names for kind in ("weight", "bias")]
    theirs.load_state_dict(dict(zip(keys, values, strict=True)))
    out, weights = ours(x)
    torch.testing.assert_close(out, theirs(x))
    z = theirs.norm1(x)
    torch.testing.assert_close(weights, theirs.self_attn(z, z, z, average_attn_weights=False)[1])


def test_dropout():
    """0.1 in the layers, 0.3 in the head; the fused weights are those before dropout, so they still sum to one."""
    model = small().train()
    for name, part in model.named_modules():
        if isinstance(part, nn.Dropout):
            assert part.p == (0.3 if name.startswith("head") else 0.1), name
    encoder = model.branches["texture"].encoders[0]
    _, maps = encoder(torch.randn(2, 5, 32))
    for attention in maps:
        torch.testing.assert_close(attention.sum(dim=-1), torch.ones(2, 4, 5))


def test_patches_are_read_row_by_row_and_the_class_token_comes_first():
    tokens, x = small().branches["texture"].tokens[1], batch(1)[:, :3]  # 16 x 16 pixels, four to a row
    patch = x[0, :, 32:48, 48:64]  # third row, fourth column: the eleventh counted from 0, behind the class token
    linear = tokens.embed.weight.flatten(1) @ patch.flatten() + tokens.embed.bias
    torch.testing.assert_close(tokens(x)[0, 1 + 2 * 4 + 3], linear + tokens.positions[0, 1 + 2 * 4 + 3])
    torch.testing.assert_close(tokens(x)[0, 0], (tokens.class_token + tokens.positions)[0, 0])


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_branch_joins_class_tokens_and_weighted_patches(weighting):
    branch, x = small(weighting=weighting).branches["motion"].eval(), batch(3)[:, 3:]
    parts = []
    for tokens in branch.tokens:
        z, maps = branch.encoders[0](tokens(x))
        weights = rollout(maps, weighting)
        pooled = [sum(w * token for w, token in zip(weights[n], z[n, 1:], strict=True)) for n in range(3)]
        parts += [z[:, 0], torch.stack(pooled).float()]
    torch.testing.assert_close(branch(x), F.gelu(branch.join[0](torch.cat(parts, dim=1))), rtol=1e-4, atol=1e-5)


def test_uniform_weights_give_the_mean_of_the_patches():
    branch, x = small(weighting="uniform", scales=8).branches["texture"].eval(), batch(2)[:, :3]
    z, _ = branch.encoders[0](branch.tokens[0](x))
    expected = branch.join(torch.cat([z[:, 0], z[:, 1:].mean(dim=1)], dim=1))
    torch.testing.assert_close(branch(x), expected)


def test_separate_encoders_of_equal_weights_are_the_shared_one():
    shared, separate = small().eval(), small(seed=1, encoder="separate").eval()
    assert [len(b.encoders) for b in separate.branches.values()] == [3, 3]
    values = shared.state_dict()
    separate.load_state_dict({name: values[name.replace("encoders.1", "encoders.0").replace("encoders.2", "encoders.0")]
                              for name in separate.state_dict()})  # fmt: skip
    x = batch(2)
    torch.testing.assert_close(separate(x), shared(x))
    with torch.no_grad():  # each scale has its own
        separate.branches["texture"].encoders[2].norm.bias.add_(torch.randn(32))
    assert not torch.allclose(separate(x), shared(x))


# --- the weights of the patches --------------------------------------------------------------------------------------


def rollout(maps: list[torch.Tensor], weighting: str) -> torch.Tensor:
    """Section 2, item 3, clip by clip in float64: whole matrices are multiplied, from the first layer on."""
    maps = [m.detach().double() for m in maps]
    if weighting == "uniform":
        return torch.full_like(maps[0][:, 0, 0, 1:], 1 / (maps[0].shape[-1] - 1))
    if weighting == "last":
        rows = maps[-1].mean(dim=1)[:, 0, 1:]
        return rows / rows.sum(dim=1, keepdim=True)
    heads = range(maps[0].shape[1])
    result = []
    for clip in range(len(maps[0])):
        ways = []
        for head in heads if weighting == "per_head" else [None]:
            product = torch.eye(maps[0].shape[-1], dtype=torch.double)
            for layer in maps:
                each = layer[clip]
                mixed = each[head] if head is not None else sum(each[h] for h in heads) / len(heads)
                if weighting == "max_heads":
                    mixed = torch.stack([each[h] for h in heads]).amax(dim=0)
                if weighting != "no_identity":
                    mixed = mixed + torch.eye(len(mixed), dtype=torch.double)
                product = torch.diag(1 / mixed.sum(dim=1)) @ mixed @ product
            ways.append(product[0, 1:] / product[0, 1:].sum())
        result.append(sum(ways) / len(ways))
    return torch.stack(result)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_weights_equal_the_plain_loop_and_sum_to_one(weighting, layers):
    maps = attention(layers)
    weights = patch_weights(maps, weighting)
    assert weights.shape == (2, 16)
    torch.testing.assert_close(weights.double(), rollout(maps, weighting), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))


def test_the_weightings_differ():
    maps = attention()
    found = {w: patch_weights(maps, w) for w in WEIGHTINGS if w != "detached"}
    assert torch.equal(patch_weights(maps, "detached"), found["fused"])
    for one in found:
        assert [other for other in found if other != one and torch.allclose(found[one], found[other], atol=1e-4)] == []


def test_fused_weights_by_hand():
    """Two layers, one head, a class token and two patches; the class token looks at patch 1, which looked at patch 2.

    Layer 1: the class token keeps itself, patch 1 takes half of patch 2. Layer 2: the class token takes half of
    patch 1. So its row of the product is 1/2 itself, 1/4 patch 1, 1/4 patch 2.
    """
    first = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 0, 1]])[None, None]
    second = torch.tensor([[0.0, 1, 0], [0, 1, 0], [0, 0, 1]])[None, None]
    torch.testing.assert_close(patch_weights([first, second], "fused"), torch.tensor([[0.5, 0.5]]))
    torch.testing.assert_close(patch_weights([first, second], "no_identity"), torch.tensor([[0.0, 1.0]]))
    torch.testing.assert_close(patch_weights([first, second], "last"), torch.tensor([[1.0, 0.0]]))


def test_the_gradient_of_the_weights_is_that_of_the_plain_loop():
    maps = [m.requires_grad_() for m in attention(3, n=1, tokens=6)]
    copies = [m.detach().double().requires_grad_() for m in maps]
    c = torch.tensor([1.0, -2.0, 0.5, 3.0, 0.0])
    (patch_weights(maps, "fused") @ c).sum().backward()
    product = torch.eye(6, dtype=torch.double)
    for m in copies:
        mixed = m[0].mean(dim=0) + torch.eye(6)
        product = mixed / mixed.sum(dim=1, keepdim=True) @ product
    row = product[0, 1:]
    (row / row.sum() @ c.double()).backward()
    for m, copy in zip(maps, copies, strict=True):
        assert m.grad.abs().max() > 1e-3
        torch.testing.assert_close(m.grad.double(), copy.grad, rtol=1e-4, atol=1e-6)
    assert not patch_weights(maps, "detached").requires_grad


def test_queries_and_keys_also_learn_through_the_weights():
    """Fused and detached say the same of every clip and differ in their gradients, in each layer."""
    models, x = [small(weighting=w).eval() for w in ("fused", "detached")], batch(4)
    models[1].load_state_dict(models[0].state_dict())
    assert torch.equal(models[0](x), models[1](x))
    for model in models:
        F.cross_entropy(model(x), torch.arange(4) % 3).backward()
    for name, fused in models[0].named_parameters():
        if name.endswith("queries_keys_values.weight"):
            query, detached = fused.grad[:32], models[1].get_parameter(name).grad[:32]
            assert (query - detached).abs().max() > 0.05 * detached.abs().max(), name


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_weights_are_float32_under_bfloat16_autocast(weighting):
    """Computed in bfloat16, a weight would be off by its eight bits: some 0.4 %."""
    maps = attention(4, tokens=257)
    expected = rollout(maps, weighting)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weights = patch_weights(maps, weighting)
        coarse = maps[0] @ maps[1]
    assert coarse.dtype == torch.bfloat16  # what a product would be here
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights.double(), expected, rtol=1e-4, atol=1e-9)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))


# --- the contrast ----------------------------------------------------------------------------------------------------


def by_loops(texture: torch.Tensor, motion: torch.Tensor, y: torch.Tensor, contrast: str) -> float:
    """Section 3, pair by pair: temperature 0.1, the mean over both directions and all anchors."""
    n, losses = len(y), []
    for anchors, others in ((texture, motion), (motion, texture)):
        for i in range(n):
            score = [math.exp((anchors[i] @ others[j]).item() / 0.1) for j in range(n)]
            left = [j for j in range(n) if j == i or y[j] != y[i] or contrast != "masked"]
            below = sum(score[j] for j in left)
            positives = [j for j in range(n) if y[j] == y[i]] if contrast == "supervised" else [i]
            losses.append(-sum(math.log(score[j] / below) for j in positives) / len(positives))
    return sum(losses) / (2 * n)


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_the_contrast_equals_a_double_loop(contrast):
    texture, motion, y = embeddings()
    assert float(cross_modal(texture, motion, y, contrast)) == pytest.approx(by_loops(texture, motion, y, contrast))


def test_the_three_contrasts_differ_and_agree_where_no_class_comes_twice():
    texture, motion, y = embeddings()
    assert len({round(float(cross_modal(texture, motion, y, c)), 6) for c in CONTRASTS}) == 3
    different = torch.arange(len(y))
    assert len({round(float(cross_modal(texture, motion, different, c)), 9) for c in CONTRASTS}) == 1


def test_a_classmate_is_no_negative():
    """Clips 0 and 3 are of one class: moving clip 3 changes the anchor 0 of the plain contrast only."""
    texture, motion, y = embeddings()
    moved = motion.clone()
    moved[3] = F.normalize(motion[3] + 2 * texture[0], dim=0)
    before, after = texture @ motion.mT / 0.1, texture @ moved.mT / 0.1
    change = {c: (anchored(after, y, c) - anchored(before, y, c)).abs() for c in CONTRASTS}
    classmates = (y == 0) & (torch.arange(9) != 3)
    assert not change["masked"][classmates].any()
    assert (change["masked"][~classmates] > 0).all()  # the other classes, and clip 3 as an anchor itself
    assert (change["plain"] > 0).all()
    assert (change["supervised"] > 0).all()


def test_no_gradient_between_classmates():
    texture, motion, y = embeddings()
    motion.requires_grad_()
    anchored(texture @ motion.mT / 0.1, y, "masked")[0].backward()
    assert motion.grad.any(dim=1).tolist() == [i == 0 or bool(y[i] != 0) for i in range(9)]


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("y", [[1], [2, 2, 2, 2]])
def test_a_batch_of_one_clip_or_of_one_class_has_a_finite_loss(contrast, y):
    model, x, y = small(contrast=contrast), batch(len(y)), torch.tensor(y)
    loss, _ = model.training_loss(x, y, F.cross_entropy)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
    texture, motion, _ = embeddings(len(y))
    if contrast == "masked" or len(y) == 1:  # only the positive is left
        assert float(cross_modal(texture, motion, y, contrast)) == 0.0


def test_the_contrast_is_float32_under_bfloat16_autocast():
    texture, motion, y = (t.float() if t.is_floating_point() else t for t in embeddings())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = cross_modal(texture, motion, y, "masked")
    assert inside.dtype == torch.float32
    assert torch.equal(inside, cross_modal(texture, motion, y, "masked"))


# --- the loss --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", CARD["options"]["contrastive"])
def test_the_loss_is_classification_plus_the_weighted_contrast(weight):
    model, x, y = small(contrastive=weight).eval(), batch(6), torch.tensor([0, 1, 2, 0, 1, 0])
    called = []

    def criterion(logits, labels):
        called.append(labels)
        return F.cross_entropy(logits, labels, label_smoothing=0.1)

    loss, logits = model.training_loss(x, y, criterion)
    torch.testing.assert_close(logits, model(x))
    assert len(called) == 1
    expected = F.cross_entropy(logits, y, label_smoothing=0.1).item()
    assert len(model.projections) == (2 if weight else 0)
    if weight:
        features = [model.branches["texture"](x[:, :3]), model.branches["motion"](x[:, 3:])]
        found = [p(f) for p, f in zip(model.projections.values(), features, strict=True)]
        texture, motion = ((f / f.norm(dim=1, keepdim=True)).double() for f in found)
        expected += weight * by_loops(texture, motion, y, "masked")
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("modality", "own"), [("texture", slice(0, 3)), ("motion", slice(3, 6))])
def test_one_modality_sees_nothing_of_the_other_and_has_no_contrast(modality, own):
    model, both, x = small(modalities=modality).eval(), small().eval(), batch(3)
    other = batch(3, seed=1)
    other[:, own] = x[:, own]
    assert torch.equal(model(x), model(other))
    assert not torch.allclose(both(x), both(other))
    assert len(model.projections) == 0
    assert not any("projection" in name for name in model.state_dict())
    y = torch.tensor([0, 1, 2])
    loss, logits = model.training_loss(x, y, F.cross_entropy)
    assert torch.equal(loss, F.cross_entropy(logits, y))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_every_option_trains_all_of_its_parameters(options, precision):
    model, x, y = small(**options), batch(6), torch.tensor([0, 1, 2, 0, 1, 0])
    with torch.autocast("cpu", dtype=precision, enabled=precision != torch.float32):
        loss, logits = model.training_loss(x, y, F.cross_entropy)
    loss.backward()
    assert logits.shape == (6, 3)
    assert torch.isfinite(loss)
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


# --- card and recipe -------------------------------------------------------------------------------------------------


def test_wherever_its_numbers_appear_it_is_a_re_implementation_from_the_abstract():
    for entry in ("msmmt", {"model": "msmmt", "preset": "small"}, {"model": "msmmt", "name": "mine", "scales": 16}):
        spec = recipes.resolve(entry)
        assert "re-implementation from the abstract" in recipes.describe(spec | {"label": spec["name"]})[0]


def test_recipe():
    """Section 4."""
    recipe = recipes.resolve("msmmt")["recipe"]
    wanted = {
        "optimizer": "adamw", "lr": 3e-4, "weight_decay": 0.05, "weight_decay_on": "matrices", "batch_size": 32,
        "order": "balanced", "class_weights": "balanced", "label_smoothing": 0.1, "epochs": 100, "warmup_epochs": 5,
        "schedule": "cosine", "min_lr": 1e-6, "clip_norm": 1.0, "ema": 0.0, "precision": "float32",
        "augment": "flip shift:4 rotate:5 scale:0.8:1.5 light:0.1",
    }  # fmt: skip
    assert {key: recipe[key] for key in wanted} == wanted


def test_only_class_tokens_and_positions_are_kept_from_decay_by_name():
    model = outline()
    kept = [n for n, _ in model.named_parameters() if any(fnmatch(n, pattern) for pattern in model.no_decay)]
    assert len(kept) == 2 * 3 * 2  # modalities, scales, token and positions
    assert {n.rsplit(".", 1)[1] for n in kept} == {"class_token", "positions"}


def test_the_contrast_weighs_a_fifth_unless_told_otherwise():
    assert recipes.resolve("msmmt")["options"].get("contrastive", CARD["options"]["contrastive"][0]) == 0.2
    assert build("msmmt", num_classes=3, size="small").contrastive == 0.2


@pytest.mark.parametrize("texture", ["apex", "diff"])
@pytest.mark.parametrize("preset", ["paper", "small"])
def test_the_card_asks_for_channels_that_the_input_has(texture, preset):
    wanted = recipes.resolve({"model": "msmmt", "texture": texture, "preset": preset})["inputs"]
    made = input_names.spec(wanted["kind"], wanted["size"], {"crop": wanted["crop"], **wanted.get("options", {})})
    assert texture_motion.Input.channels(made) == wanted["channels"]
    assert made.options["texture"] == texture
    assert (wanted["size"], wanted["range"], wanted["center"]) == (128 if preset == "paper" else 64, "any", "train_p99")


@pytest.fixture
def one_thread():
    """As a fold is trained: more threads than idle cores slow small steps down."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_small_size_learns_which_way_the_face_moves(one_thread):
    """Three classes that differ only in the sign of u in the middle of the face; twelve of 48 clips are held out."""
    recipe = recipes.resolve({"model": "msmmt", "preset": "small"})["recipe"]
    x, y = 0.5 * batch(48), torch.arange(48) % 3
    x[:, 3, 16:48, 16:48] += 2.0 * (y - 1)[:, None, None]
    model = small()
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe["lr"], weight_decay=recipe["weight_decay"])
    losses = []
    for _ in range(8):
        for rows in torch.randperm(36).split(12):
            loss, _ = model.training_loss(x[rows], y[rows], F.cross_entropy)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])
    assert (model.eval()(x[36:]).argmax(dim=1) == y[36:]).sum() >= 9  # of 12; guessing finds 4
