"""ResNet-18 and ViT-tiny: timm's own networks with a new classifier, and how they read small pictures."""

from __future__ import annotations

import pytest
import timm
import torch
from toy import loop_on

from mebench.config import recipes
from mebench.errors import UserError
from mebench.models import build
from mebench.training.optim import parameter_groups

TIMM = {"resnet18": "resnet18.a1_in1k", "vit_tiny": "vit_tiny_patch16_224.augreg_in21k_ft_in1k"}
FEATURES = {"resnet18": 512, "vit_tiny": 192}
SIDES = {"paper": 224, "flow28": 28, "small": 64}


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def flow(n: int, side: int) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0)) - 0.5


@pytest.fixture
def one_thread():
    """As the engine trains: many small steps, which threads on a busy machine only slow down."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- the networks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TIMM)
@pytest.mark.parametrize("classes", [3, 7])
def test_parameters_are_those_of_timm_with_a_new_classifier(name, classes):
    with torch.device("meta"):
        ours, theirs = build(name, num_classes=classes), timm.create_model(TIMM[name])
    assert parameters(ours) == parameters(theirs) - (1000 - classes) * (FEATURES[name] + 1)


@pytest.mark.parametrize("name", TIMM)
def test_it_is_the_network_of_timm(name):
    torch.manual_seed(0)
    theirs = timm.create_model(TIMM[name], num_classes=3).eval()
    ours, x = build(name, num_classes=3, pretrained="none").eval(), flow(2, 224)
    ours.load_state_dict({f"net.{key}": value for key, value in theirs.state_dict().items()})
    assert torch.equal(ours(x), theirs(x))


@pytest.mark.parametrize("name", TIMM)
@pytest.mark.parametrize(("size", "side"), SIDES.items())
def test_the_card_asks_for_flow_of_the_size_that_the_network_reads(name, size, side):
    resolved = recipes.resolve({"model": name, "size": size, "pretrained": "none"})
    assert resolved["inputs"] == {"kind": "apex_flow", "size": side, "channels": ["u", "v", "strain"],
                                  "range": "unit", "center": "train_mean"}  # fmt: skip
    with torch.device("meta"):
        model = build(name, num_classes=5, **resolved["options"])
    assert model(torch.zeros(2, 3, side, side, device="meta")).shape == (2, 5)


def test_resnet18_on_28_pixels_is_the_same_network_down_to_one_pixel():
    with torch.device("meta"):
        model = build("resnet18", num_classes=3, size="flow28", pretrained="none")
        full = build("resnet18", num_classes=3, pretrained="none")
    assert {k: v.shape for k, v in model.state_dict().items()} == {k: v.shape for k, v in full.state_dict().items()}
    sides = []
    for stage in (model.net.layer1, model.net.layer2, model.net.layer3, model.net.layer4):
        stage.register_forward_hook(lambda _, x, y: sides.append(tuple(y.shape[1:])))
    model.eval()(torch.zeros(1, 3, 28, 28, device="meta"))
    assert sides == [(64, 7, 7), (128, 4, 4), (256, 2, 2), (512, 1, 1)]


def test_vit_tiny_tokens_width_heads_and_blocks_of_each_size():
    found = {}
    for size in SIDES:
        with torch.device("meta"):
            net = build("vit_tiny", num_classes=3, size=size, pretrained="none").net
        found[size] = (net.pos_embed.shape[1], net.embed_dim, net.blocks[0].attn.num_heads, len(net.blocks))
    assert found == {"paper": (1 + 14 * 14, 192, 3, 12), "flow28": (1 + 4 * 4, 192, 3, 4), "small": (17, 48, 3, 3)}


def test_weight_decay_of_vit_tiny_spares_positions_and_class_token():
    model = build("vit_tiny", num_classes=3, size="small", pretrained="none")
    groups = parameter_groups(model, recipes.resolve({"model": "vit_tiny"})["recipe"])
    decayed = {id(p) for group in groups if group["weight_decay"] for p in group["params"]}
    names = {name for name, p in model.named_parameters() if id(p) in decayed}
    assert names == {name for name, p in model.named_parameters()
                     if p.dim() > 1 and name not in ("net.cls_token", "net.pos_embed")}  # fmt: skip
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))


# --- pretrained ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TIMM)
def test_a_file_of_weights_with_another_classifier_is_read(name, tmp_path):
    torch.manual_seed(0)
    first = build(name, num_classes=7, size="small", pretrained="none")
    torch.save(first.net.state_dict(), tmp_path / "weights.pt")
    model = build(name, num_classes=3, size="small", pretrained=str(tmp_path / "weights.pt"))
    given, read = first.net.state_dict(), model.net.state_dict()
    same = {key for key in read if read[key].shape == given[key].shape and torch.equal(read[key], given[key])}
    assert len(read) - len(same) == 2  # weight and bias of the classifier
    assert model.net.weights_record["source"] == "file:weights.pt"


@pytest.mark.parametrize(("name", "size"), [("resnet18", "small"), ("vit_tiny", "small"), ("vit_tiny", "flow28")])
def test_imagenet_weights_fit_the_full_network_only(name, size):
    with pytest.raises(UserError, match=f"no ImageNet weights for size: {size}; write pretrained: none"):
        build(name, num_classes=3, size=size, pretrained="imagenet")


# --- training ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TIMM)
def test_random_weights_learn_faster_and_the_size_changes_no_learning_rate(name):
    tuned = recipes.resolve(name)["recipe"]
    for size in SIDES:
        random = recipes.resolve({"model": name, "size": size, "pretrained": "none"})["recipe"]
        assert random["lr"] >= 5 * tuned["lr"]
        assert {key: random[key] for key in ("optimizer", "schedule", "epochs", "label_smoothing")} == {
            "optimizer": "adamw", "schedule": "cosine", "epochs": tuned["epochs"], "label_smoothing": 0.1,
        }  # fmt: skip


@pytest.mark.parametrize("name", TIMM)
def test_the_small_preset_learns(one_thread, name):
    """60 clips whose class is the channel that moves most."""
    spec = recipes.resolve({"model": name, "preset": "small"})
    torch.manual_seed(0)
    x, y = flow(60, 64), torch.arange(60) % 3
    x[torch.arange(60), y] += 0.5
    model = build(name, num_classes=3, **spec["options"])
    loop = loop_on(model, spec["recipe"] | {"augment": "none"}, x, y, range(45), seed=0)
    losses = [loop.epoch()[0] for _ in range(spec["recipe"]["epochs"])]
    assert losses[-1] < losses[0]
    assert (loop.predict(list(range(45, 60))).argmax(dim=1) == y[45:]).float().mean() > 0.8
