"""Backbones from timm: what is loaded, what is recorded of it, and what is said when it cannot be had."""

from __future__ import annotations

import hashlib

import huggingface_hub
import pytest
import timm
import torch
from safetensors.torch import save_file

from mebench.errors import UserError
from mebench.models import _pretrained
from mebench.models._pretrained import timm_backbone, weights_digest

NAME = "vit_tiny_patch16_224"
SMALL = {"embed_dim": 12, "depth": 1, "num_heads": 3, "img_size": 32}


def small(pretrained: str = "none", **changes) -> torch.nn.Module:
    return timm_backbone(NAME, pretrained, **(SMALL | {"num_classes": 3} | changes))


@pytest.fixture
def saved(tmp_path):
    """A network of ten classes and the file of its weights."""
    torch.manual_seed(1)
    network, path = timm.create_model(NAME, **SMALL, num_classes=10), tmp_path / "ten.safetensors"
    save_file(network.state_dict(), path)
    return network, path


@pytest.fixture
def hub_cache(tmp_path, monkeypatch):
    """An empty cache of the hub."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def fill(cache, model: str, path) -> None:
    """Put a file into the hub's cache as its client does: a reference to a snapshot, and the snapshot."""
    folder = cache / f"models--timm--{model}"
    (folder / "refs").mkdir(parents=True)
    (folder / "snapshots/abc").mkdir(parents=True)
    (folder / "refs/main").write_text("abc")
    (folder / "snapshots/abc/model.safetensors").write_bytes(path.read_bytes())


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


# --- random weights ------------------------------------------------------------------------------------------------


def test_random_weights_come_from_the_seed_and_are_recorded_as_none():
    torch.manual_seed(0)
    ours = small()
    torch.manual_seed(0)
    assert same(ours.state_dict(), timm.create_model(NAME, **SMALL, num_classes=3).state_dict())
    assert ours.weights_record == {"source": "none", "digest": ""}


@pytest.mark.parametrize("pretrained", ["imagenet", "/nowhere/weights.pth"])
def test_on_the_meta_device_there_are_only_shapes(pretrained, hub_cache):
    with torch.device("meta"):
        model = small(pretrained)
    assert all(p.is_meta for p in model.parameters())
    assert model.weights_record == {"source": "none", "digest": ""}


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
def test_a_file_gives_its_weights_and_a_classifier_of_another_size_stays_random(saved, tmp_path, suffix):
    network, path = saved
    if suffix != ".safetensors":
        path = tmp_path / f"ten{suffix}"
        torch.save(network.state_dict(), path)
    torch.manual_seed(5)
    ours = small(str(path))
    torch.manual_seed(5)
    fresh = small().state_dict()
    for key, value in ours.state_dict().items():
        assert torch.equal(value, fresh[key] if key.startswith("head.") else network.state_dict()[key])
    assert ours.weights_record["source"] == f"file:ten{suffix}"


def test_a_classifier_of_the_same_size_is_taken_and_one_that_the_network_lacks_is_left_out(saved):
    network, path = saved
    assert same(small(str(path), num_classes=10).state_dict(), network.state_dict())
    bare = small(str(path), num_classes=0).state_dict()
    assert same(bare, {k: v for k, v in network.state_dict().items() if not k.startswith("head.")})


def test_a_training_checkpoint_is_opened(saved, tmp_path):
    network, _ = saved
    weights = {f"module.{key}": value for key, value in network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": weights}, tmp_path / "run.pth")
    assert same(small(str(tmp_path / "run.pth"), num_classes=10).state_dict(), network.state_dict())


def refused(path) -> str:
    with pytest.raises(UserError) as error:
        small(str(path))
    assert str(path) in str(error.value)
    return str(error.value)


def test_the_first_tensor_that_does_not_fit_is_named(saved, tmp_path):
    network, path = saved
    weights = network.state_dict()
    save_file({k: v for k, v in weights.items() if "norm1" not in k}, path)
    assert f"lacks blocks.0.norm1.weight, which {NAME}.augreg_in21k_ft_in1k has" in refused(path)
    save_file(weights | {"pos_embed": torch.zeros(1, 10, 12)}, path)
    assert "has pos_embed of shape (1, 10, 12), where this" in refused(path)
    assert "has (1, 5, 12)" in refused(path)
    save_file(weights | {"blocks.1.norm1.weight": torch.ones(12)}, path)
    assert "has blocks.1.norm1.weight, which" in refused(path)


def test_files_that_hold_no_weights_are_refused(tmp_path):
    assert "there is no weights file" in refused(tmp_path / "missing.pth")
    for suffix in (".safetensors", ".pth"):
        (tmp_path / f"text{suffix}").write_text("not weights")
        assert "cannot be read as a file of weights" in refused(tmp_path / f"text{suffix}")
    torch.save({"head.bias": "three"}, tmp_path / "words.pt")
    assert "other things than named tensors" in refused(tmp_path / "words.pt")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "code.pt")  # a pickled object could run code when it is opened
    assert "cannot be read as a file of weights" in refused(tmp_path / "code.pt")


def test_any_other_word_is_refused():
    with pytest.raises(UserError, match=r"pretrained is 'imagenet21k'; write imagenet, none, or a weights file"):
        small("imagenet21k")


# --- ImageNet ------------------------------------------------------------------------------------------------------


def test_a_machine_that_is_offline_says_how_to_go_on(hub_cache, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError) as error:
        small("imagenet")
    message = str(error.value)
    assert message.startswith("this machine could not download the ImageNet weights of")
    for part in (f"{NAME}.augreg_in21k_ft_in1k", str(hub_cache), "/path/file.safetensors", "pretrained: none"):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "error", [ConnectionError("refused\nat length"), TimeoutError(), RuntimeError("storage"), KeyError("x")]
)
def test_any_failure_of_the_hub_is_the_same_sentence(hub_cache, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", fail)
    with pytest.raises(UserError, match="could not download.*resnet18.a1_in1k"):
        timm_backbone("resnet18", "imagenet", num_classes=3)


def test_a_wrong_argument_is_not_taken_for_a_failed_download(hub_cache):
    with pytest.raises(TypeError):
        small("imagenet", colour="red")


def test_cached_weights_are_used_without_asking_the_hub(saved, hub_cache, monkeypatch):
    network, path = saved
    fill(hub_cache, f"{NAME}.augreg_in21k_ft_in1k", path)
    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", lambda *_, **__: pytest.fail("asked the hub"))
    ours, named = small("imagenet"), timm_backbone(f"{NAME}.augreg_in21k_ft_in1k", "imagenet", **SMALL, num_classes=3)
    for model in (ours, named):
        backbone = {k: v for k, v in model.state_dict().items() if not k.startswith("head.")}
        assert same(backbone, {k: v for k, v in network.state_dict().items() if not k.startswith("head.")})
        assert model.weights_record["source"] == f"imagenet:{NAME}.augreg_in21k_ft_in1k"
    # the same weights have the same digest, from the cache or from a file
    assert ours.weights_record["digest"] == named.weights_record["digest"] == small(str(path)).weights_record["digest"]


def test_damaged_weights_in_the_cache_are_named(hub_cache, tmp_path):
    (tmp_path / "half").write_bytes(b"half a download")
    fill(hub_cache, f"{NAME}.augreg_in21k_ft_in1k", tmp_path / "half")
    with pytest.raises(UserError, match=r"cannot be used .*; delete .*model.safetensors"):
        small("imagenet")


# --- digests -------------------------------------------------------------------------------------------------------


def test_a_digest_is_of_names_shapes_types_and_values_whatever_their_order():
    tensors = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.tensor(7)}
    known = hashlib.sha256()
    seven, rows = (7).to_bytes(8, "little"), tensors["b"].numpy().tobytes()
    for part in (b"a () torch.int64", seven, b"b (2, 3) torch.float32", rows):
        known.update(len(part).to_bytes(8, "little") + part)
    assert weights_digest(tensors) == known.hexdigest()
    assert weights_digest(dict(reversed(tensors.items()))) == known.hexdigest()
    for other in ({"b": tensors["b"].reshape(3, 2)}, {"b": tensors["b"] + 1}, {"c": tensors["b"]}):
        assert weights_digest(tensors | other) != known.hexdigest()


def test_the_digest_is_of_what_was_loaded_and_not_of_the_random_classifier(saved):
    network, path = saved
    torch.manual_seed(1)
    one = small(str(path))
    torch.manual_seed(2)
    two = small(str(path))
    assert not torch.equal(one.head.weight, two.head.weight)
    assert one.weights_record == two.weights_record
    loaded = {k: v for k, v in network.state_dict().items() if not k.startswith("head.")}
    assert one.weights_record["digest"] == _pretrained.weights_digest(loaded)
