"""What every registered model and control must do. A new file in models/ is tested without writing a test."""

from __future__ import annotations

import inspect
import subprocess
import sys
from fnmatch import fnmatch

import numpy as np
import pytest
import torch
from batches import inputs_of, picture, shape
from safetensors.torch import load_file, save_file
from torch.utils.flop_counter import FlopCounterMode
from toy import data_of

from mebench import cards
from mebench.config import card_check, recipes
from mebench.config.deviations import deviations
from mebench.config.spec import ModelInputs
from mebench.errors import UserError
from mebench.model_card import JobCard, ModelCard, is_light
from mebench.models import build, names
from mebench.papers import paper
from mebench.plan import Plan
from mebench.runs import code_of_fold
from mebench.training import augment, fold
from mebench.training.limits import Limits
from mebench.training.loop import set_products
from mebench.training.stack import run_stack

CARDS = {name: cards.card("models", name) for name in names()}
FITTED = [name for name, card in CARDS.items() if card.get("training") == "fit" and card["kind"] == "model"]
TRAINED = [name for name, card in CARDS.items() if card.get("training", "gradient") == "gradient"]


def offline(name: str) -> dict:
    """Options without which a model would download weights."""
    return {"pretrained": "none"} if "pretrained" in CARDS[name].get("options", {}) else {}


def small(name: str) -> dict:
    """The options of the model's smallest size, if it has several."""
    options = CARDS[name].get("options", {})
    return offline(name) | ({"size": "small"} if "small" in options.get("size", []) else {})


def settings(name: str) -> list[dict]:
    """The model at its smallest size, then with every other value of each option."""
    options = CARDS[name].get("options", {})
    found = [small(name)]
    for key, values in options.items():
        for value in values[1:]:
            if value not in ("FILE", "imagenet") and {**small(name), key: value} not in found:
                found.append({**small(name), key: value})
    return found


# those that give logits of clips; test_spotters.py has those that spot
RECOGNISING = [name for name, card in CARDS.items() if "recognition" in card.get("serves", ["recognition"])]
LIGHT = [name for name in names() if is_light(name)]  # they have no layers and give no tensors
EVERY = [(name, options) for name in RECOGNISING if name not in LIGHT for options in settings(name)]
ONES = [(name, options) for name, options in EVERY if name in TRAINED]


@pytest.mark.parametrize("name", names())
def test_the_card_is_complete_and_reads_without_importing_the_model(name):
    card = CARDS[name]
    assert {*card_check.KEYS, "flops"} <= set(card) <= {*ModelCard.__annotations__, *JobCard.__annotations__}
    assert len(card["notes"]) <= 600, "where a model differs from its source is a list: deviations"
    assert all(len(item.what) <= 320 and len(item.effect) <= 320 for item in deviations(card))
    assert card["kind"] in ("model", "control")
    assert set(card_check.INPUTS) <= set(card["inputs"]) <= set(ModelInputs.__annotations__)
    assert set(card["resources"]) == set(card_check.RESOURCES)
    cited = paper(card["paper"])
    assert card["kind"] == "control" or (cited.authors and cited.venue and cited.year)
    for option, values in card.get("changes", {}).items():
        assert set(values) <= set(card["options"][option])
        assert all(set(change) <= set(card_check.PARTS) for change in values.values())


@pytest.mark.parametrize("name", names())
def test_the_card_asks_for_an_input_that_exists(name):
    """For every choice of options: the kind takes the size and the options, and has the channels."""
    from mebench.config import input_names
    from mebench.inputs.build import maker_class

    for options in [*settings(name), {}]:
        wanted = inputs_of(name, options)
        spec = input_names.spec(wanted["kind"], wanted["size"], dict(wanted.get("options", {})))
        channels = maker_class(spec, False).channels(spec)
        assert set(wanted["channels"]) <= set(channels), (options, channels)


@pytest.mark.parametrize("name", names())
def test_the_first_value_of_an_option_is_its_default(name):
    """So the defaults need no test of their own by name."""
    module = getattr(cards.load("models", name), CARDS[name]["module"])
    options = {key: values[0] for key, values in CARDS[name].get("options", {}).items()}
    assert {key: inspect.signature(module).parameters[key].default for key in options} == options


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("preset", ["paper", "small"])
def test_the_presets_resolve_to_a_whole_recipe(name, preset):
    if preset not in CARDS[name].get("presets", {"paper": {}}):
        with pytest.raises(UserError, match="has no preset"):
            recipes.resolve({"model": name, "preset": preset})
        return
    resolved = recipes.resolve({"model": name, "preset": preset})
    assert set(resolved["recipe"]) - set(recipes.FURTHER) in (set(recipes.RECIPE), set())
    words = augment.parse(resolved["recipe"].get("augment", "none"))
    if words is not None:
        inputs = resolved["inputs"]
        words.check(inputs["channels"], inputs["range"], inputs["kind"])


@pytest.mark.parametrize("name", names())
def test_the_card_states_the_parameters_and_the_cost_of_the_default_model_at_three_classes(name):
    """Counted without memory; cost is that of one clip's forward pass, two per multiply-add."""
    if name in LIGHT:
        assert CARDS[name]["parameters"] == CARDS[name]["flops"] == 0
        return
    with torch.device("meta"):
        model = build(name, num_classes=3, **offline(name)).eval()
        assert sum(p.numel() for p in model.parameters()) == CARDS[name]["parameters"]
        if CARDS[name]["flops"]:
            with FlopCounterMode(display=False) as counter:
                model(torch.empty(1, *shape(CARDS[name]["inputs"])))
            assert counter.get_total_flops() == CARDS[name]["flops"]


@pytest.mark.parametrize(("name", "options"), EVERY)
@pytest.mark.parametrize("classes", [3, 5])
def test_logits_for_any_batch_also_of_one(name, options, classes):
    model = build(name, num_classes=classes, **options).eval()
    for n in (1, 4):
        logits = model(picture(name, options, n))
        assert logits.shape == (n, classes)
        assert torch.isfinite(logits).all()


@pytest.mark.parametrize(("name", "options"), ONES)
def test_evaluation_is_deterministic_and_a_clip_does_not_see_its_batch(name, options):
    model, x = build(name, num_classes=3, **options).eval(), picture(name, options)
    with torch.no_grad():
        whole = model(x)
        assert torch.equal(whole, model(x))
        torch.testing.assert_close(whole[:1], model(x[:1]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "options"), ONES)
def test_the_same_seed_builds_and_trains_the_same_network(name, options):
    first, second = (trained(name, options, epochs=1)[0].state_dict() for _ in range(2))
    assert [key for key in first if not torch.equal(first[key], second[key])] == []


@pytest.mark.parametrize(("name", "options"), ONES)
def test_every_parameter_gets_a_gradient_but_those_that_the_card_names(name, options):
    torch.manual_seed(0)
    model, y = build(name, num_classes=3, **options).train(), torch.arange(8) % 3
    awakened(model)
    loss_of(model, picture(name, options, 8), y).backward()
    card, parameters = CARDS[name], dict(model.named_parameters())
    largest = {n: 0.0 if p.grad is None else float(p.grad.abs().max()) for n, p in parameters.items()}
    dead, frozen = (
        {n for n in parameters for pattern in card.get(key, []) if fnmatch(n, pattern)} for key in ("dead", "frozen")
    )
    assert [n for n in largest if n not in dead | frozen and not largest[n]] == []
    assert [n for n in dead if largest[n] > 1e-6 * max(largest.values())] == []  # nothing, or rounding
    still = {n for n, p in parameters.items() if not p.requires_grad}
    assert still <= frozen
    assert [n for n in still if parameters[n].grad is not None] == []
    if options == small(name):
        assert still == frozen
        patterns = card.get("dead", []) + card.get("frozen", [])
        assert [p for p in patterns if not any(fnmatch(n, p) for n in parameters)] == []


def loss_of(model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """What the training loop makes of a batch, whichever hooks the model has."""
    if hasattr(model, "training_loss"):
        getattr(model, "see_clips", list)([(x, y)])
        return model.training_loss(x, y, torch.nn.functional.cross_entropy)[0]
    if getattr(model, "caches", False):
        return torch.nn.functional.cross_entropy(model.from_features(model.features(x)), y)
    return torch.nn.functional.cross_entropy(model(x), y)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU is visible")
@pytest.mark.parametrize(("name", "options"), EVERY)
def test_cpu_and_gpu_agree(name, options):
    """Logits, and for a model that is trained its gradients too, of the same weights, in the memory order that the
    engine trains in. In evaluation, for dropout draws other numbers there, but for recurrent layers, which cuDNN takes
    back only in training; what batch norm does in training is not compared."""
    set_products("float32")
    found = {device: outcome(name, options, torch.device(device)) for device in ("cpu", "cuda")}
    assert found["cpu"].keys() == found["cuda"].keys()
    least = 1e-5 * max(float(own.norm()) for own in found["cpu"].values())  # below it is rounding
    off = {n: float((found["cuda"][n] - own).norm() / own.norm().clamp(min=least)) for n, own in found["cpu"].items()}
    assert {n: value for n, value in off.items() if not value < 1e-3} == {}


def outcome(name: str, options: dict, device: torch.device) -> dict[str, torch.Tensor]:
    """Logits of eight clips, and the gradients of the parameters that learn, on the CPU."""
    torch.manual_seed(0)
    x, y = picture(name, options, 8), (torch.arange(8) % 3).to(device)
    model = fold.placed(build(name, num_classes=3, **options), x.dim(), device).eval()
    x = x.to(device, memory_format=torch.channels_last if x.dim() == 4 else torch.preserve_format)
    if CARDS[name].get("training") == "fit":
        model.fit(x, y)
    if CARDS[name].get("training") == "oracle":
        model.reveal(y)
    awakened(model)
    for part in model.modules():
        if isinstance(part, torch.nn.RNNBase):
            part.train()
            part.dropout = 0.0
    found = {"logits": model(x).detach().cpu()}
    if name in TRAINED:
        loss_of(model, x, y).backward()
        dead = CARDS[name].get("dead", [])  # whose gradients are rounding
        found |= {n: p.grad.cpu() for n, p in model.named_parameters()
                  if p.grad is not None and not any(fnmatch(n, pattern) for pattern in dead)}  # fmt: skip
    return found


def awakened(model: torch.nn.Module) -> None:
    """Draw the weights that begin at zero: what lies before them gets its gradient with the second step only."""
    for parameter in model.parameters():
        if parameter.requires_grad and not parameter.any():
            noise = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
            parameter.data.copy_(0.02 * noise)


def test_cached_features_give_what_the_whole_model_gives():
    caching = set()
    for name, options in ONES:
        model = build(name, num_classes=3, **options).eval()
        if getattr(model, "caches", False):
            caching.add(name)
            x = picture(name, options)
            with torch.no_grad():
                torch.testing.assert_close(model.from_features(model.features(x)), model(x))
    assert "slstt" in caching


@pytest.mark.parametrize(("name", "options"), EVERY)
def test_a_saved_model_predicts_the_same(name, options, tmp_path):
    model = build(name, num_classes=3, **options)
    if CARDS[name].get("training") == "fit":
        model.fit(picture(name, options, 12), torch.arange(12) % 3)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, tmp_path / "weights.safetensors")
    again = build(name, num_classes=3, **options)
    again.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    x = picture(name, options)
    if name in TRAINED or CARDS[name]["kind"] == "model":
        with torch.no_grad():
            assert torch.equal(model.eval()(x), again.eval()(x))


def trained(name: str, options: dict, epochs: int | None = None):
    """(model, accuracy) after training on eight clips with random labels, in the engine's own loop."""
    entry = {"model": name, "preset": "small" if "small" in CARDS[name].get("presets", {}) else "paper"} | options
    resolved = recipes.resolve(entry)
    plain = {"order": "shuffled", "augment": "none", "ema": 0.0, "label_smoothing": 0.0, "class_weights": "none"}
    plain |= {"batch_size": 8, "epochs": epochs or 60, "schedule": "constant", "warmup_epochs": 0.0}
    recipe = resolved["recipe"] | plain | {"optimizer": "adam", "lr": 3e-3, "weight_decay": 0.0, "last_batch": "keep"}
    spec = {"model": name, "recipe": recipe, "inputs": resolved["inputs"] | {"center": "none"}}
    x, y = picture(name, resolved["options"], 8, seed=1), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    data = data_of(list("abcdefgh"), ["toy"] * 8, list("abcdefgh"), ["a", "b", "c"], x, y, "")
    torch.manual_seed(0)
    model = build(name, num_classes=3, **resolved["options"])
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout | torch.nn.Dropout2d):
            part.p = 0.0  # what is asked here is whether the network can learn, not how it is kept from it
    loop = fold.loop_of(model, spec, data, y, list(range(8)), 0)
    accuracy = 0.0
    for _ in range(recipe["epochs"]):
        loop.epoch()
        if epochs is None and (accuracy := float((loop.predict(list(range(8))).argmax(1) == y).float().mean())) == 1.0:
            break
    return model, accuracy


@pytest.mark.parametrize(("name", "options"), ONES)
def test_a_batch_may_hold_a_single_clip_in_training_too_unless_the_recipe_drops_it(name, options):
    """As the last of an epoch does, wherever one clip is left over."""
    torch.manual_seed(0)
    recipe = recipes.resolve({"model": name} | options)["recipe"]
    model = build(name, num_classes=3, **options).train()
    if recipe["last_batch"] == "keep":
        assert torch.isfinite(loss_of(model, picture(name, options, 1), torch.tensor([1])))


@pytest.mark.parametrize("name", FITTED)
def test_eight_clips_are_fitted_by_heart_and_again_the_same(name):
    x, y = picture(name, small(name), 8, seed=1), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    if x.dim() == 4:  # motion that differs from place to place: noise looks the same in every histogram
        coarse = torch.randn(8, x.shape[1], 5, 5, generator=torch.Generator().manual_seed(1))
        x = torch.nn.functional.interpolate(2 * coarse, x.shape[2:])
    found = []
    for _ in range(2):
        model = build(name, num_classes=3, **small(name))
        model.fit(x, y)
        found.append(model.eval()(x))
    assert found[0].argmax(dim=1).tolist() == y.tolist()
    assert torch.equal(*found)


@pytest.mark.parametrize("name", [name for name in TRAINED if name in RECOGNISING])
def test_eight_clips_are_learned_by_heart(name):
    assert trained(name, small(name))[1] == 1.0


def test_a_dry_run_includes_every_registered_model():
    """Whatever lies in models/ can be put on a configuration and gives runs, inputs and a job's command."""
    datasets = {name: {"source": "synthetic"} for name in ("casme2", "samm", "smic")}
    plan = Plan({"datasets": datasets, "tasks": ["megc2019"], "models": RECOGNISING, "seeds": [0]})
    long = {"datasets": {"samm_long": {"source": "synthetic"}}, "tasks": ["sammlv-spotting"], "seeds": [0]}
    spotting = Plan(long | {"models": [name for name in names() if "spotting" in CARDS[name].get("serves", [])]})
    assert {run.spec["model"] for run in (*plan.runs, *spotting.runs)} == set(names())
    for made, count in ((plan, 3), (spotting, 1)):
        for run in made.runs:
            assert len(made.paths.inputs(run)) == count
            assert made.named(run.id) is run


@pytest.mark.parametrize("name", names())
def test_the_code_of_a_model_is_part_of_its_fingerprint(name):
    assert code_of_fold.model_digest(name) != code_of_fold.model_digest(next(n for n in names() if n != name))


def test_a_model_built_on_another_changes_with_it(tmp_path):
    """shuffled_labels is STSTNet: the digest covers both."""
    text = cards.locate("models", "shuffled_labels").read_text()
    base = cards.locate("models", "ststnet").read_text()
    digests = []
    for number, code in enumerate((base, base.replace("nn.Dropout(0.5)", "nn.Dropout(0.4)"), f"# mine\n{base}")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "mine.py").write_text(code + text.partition("from mebench.models.ststnet import STSTNet")[2])
        digests.append(code_of_fold.model_digest(str(folder / "mine.py")))
    assert digests[0] != digests[1]
    assert digests[0] == digests[2]


def test_unknown_models_and_options_are_one_clear_sentence():
    with pytest.raises(UserError, match=r"unknown model 'stsnet' .did you mean 'ststnet'"):
        build("stsnet", num_classes=3)
    with pytest.raises(UserError, match=r"no option 'variat' .did you mean 'variant'"):
        build("ststnet", num_classes=3, variat="port")
    with pytest.raises(UserError, match="choose one of paper, port"):
        build("ststnet", num_classes=3, variant="original")


# --- the two papers, to the letter ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "count"), [(3, 1683), (5, 2485), (12, 5292)])
def test_ststnet_parameters(classes, count):
    assert sum(p.numel() for p in build("ststnet", num_classes=classes).parameters()) == count


@pytest.mark.parametrize(("variant", "count"), [("two_stream", 2664475), ("meb", 807909)])
def test_off_apexnet_parameters(variant, count):
    assert sum(p.numel() for p in build("off_apexnet", num_classes=3, variant=variant).parameters()) == count


@pytest.mark.parametrize(("variant", "side"), [("paper", 28), ("port", 30)])
def test_ststnet_shapes(variant, side):
    model, shapes = build("ststnet", num_classes=3, variant=variant), {}
    for name, part in model.named_children():
        part.register_forward_hook(
            lambda _, x, y, name=name: shapes.update({name: (tuple(x[0].shape[1:]), tuple(y.shape[1:]))})
        )
    model(torch.zeros(1, 3, 28, 28))
    assert shapes["conv"] == ((3, 28, 28), (16, side, side))
    assert shapes["drop"] == ((16, 10, 10), (16, 10, 10))
    assert shapes["head"] == ((400,), (3,))


def test_sixteen_filters_are_the_three_streams_of_the_paper():
    """The same weights in three separate streams of 3, 5 and 8 filters give the same logits and the same gradients."""
    torch.manual_seed(1)
    fused = build("ststnet", num_classes=3, variant="port").double()
    fused.drop.p = 0.0
    x, y = torch.rand(8, 3, 28, 28, dtype=torch.double) * 255, torch.arange(8) % 3
    weight, bias = (p.detach().clone().requires_grad_() for p in (fused.conv.weight, fused.conv.bias))
    parts = []
    for rows in torch.arange(16).split([3, 5, 8]):
        stream = torch.relu(torch.nn.functional.conv2d(x, weight[rows], bias[rows], padding=2))
        stream = torch.nn.functional.batch_norm(
            stream, None, None, fused.norm.weight[rows], fused.norm.bias[rows], training=True
        )
        parts.append(torch.nn.functional.max_pool2d(stream, 3, 3, padding=1))
    logits = fused.head(torch.nn.functional.avg_pool2d(torch.cat(parts, dim=1), 2).flatten(1))
    torch.testing.assert_close(logits, fused(x))
    torch.nn.functional.cross_entropy(logits, y).backward()
    torch.nn.functional.cross_entropy(fused(x), y).backward()
    torch.testing.assert_close(fused.conv.weight.grad, weight.grad)


def test_majority_and_oracle_say_what_their_names_say():
    majority, oracle = build("majority", num_classes=3), build("oracle", num_classes=3)
    majority.fit([], np.array([2, 2, 2, 0, 1]))
    assert majority.predict([0] * 4, 0).tolist() == [[0.2, 0.2, 0.6]] * 4
    oracle.reveal(np.array([0, 2, 1]))
    assert oracle.predict([0] * 3, 0).argmax(1).tolist() == [0, 2, 1]


@pytest.mark.parametrize("clips", [1, 7, 2000])
def test_stratified_random_draws_what_torch_draws_with_the_frequencies_of_the_training_clips(clips):
    model = build("stratified_random", num_classes=3)
    model.fit([], np.array([0] * 7 + [1] * 3))
    for seed in (0, 2**32 + 5, 2**56 - 1):
        torch.manual_seed(seed)
        shares = torch.tensor([7, 3, 0]) / 10
        drawn = torch.multinomial(shares, clips, replacement=True)
        if clips == 1:  # on some processors torch takes a single draw from another stream
            q = -torch.log1p(-torch.rand(3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)))
            drawn = (shares / q.float()).argmax(keepdim=True)
        assert model.predict([0] * clips, seed).argmax(1).tolist() == drawn.tolist()


def test_models_that_need_no_torch_import_none():
    code = f"""
import sys
from mebench import models
for name in {LIGHT!r}:
    models.build(name, num_classes=3)
    assert "torch" not in sys.modules, name
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card.get("stacks") and name != "ststnet"])
def test_a_stack_of_folds_trains_it_as_one_at_a_time(name):
    """In float32; test_stack.py has STSTNet in float64."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    resolved = recipes.resolve({"model": name, "epochs": 1, "batch_size": 4})
    x, y = picture(name, resolved["options"], 7), torch.arange(7) % 3
    data = data_of([], ["d"] * 7, list("aabbbcc"), ["0", "1", "2"], x, y)
    spec = {**resolved, "label": name, "task": data.kind.task, "seed": 0, "selection": "last"}
    jobs = [fold.FoldJob(spec, data, subject, *data.folds()[subject], torch.device("cpu")) for subject in "ab"]
    together = run_stack(jobs, lambda *told: None, lambda: False, Limits())
    for job, result in zip(jobs, together, strict=True):
        alone = fold.run_fold(job)
        torch.testing.assert_close(result.chosen.predictions, alone.chosen.predictions, rtol=0, atol=1e-4)
        assert result.history[0].train_loss == pytest.approx(alone.history[0].train_loss, rel=1e-5)
    torch.set_num_threads(threads)
