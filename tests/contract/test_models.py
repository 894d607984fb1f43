"""What every registered model and control must do. A new file in models/ is tested without writing a test."""

from __future__ import annotations

import inspect
from fnmatch import fnmatch

import pytest
import torch

from mebench import cards, recipes, sources
from mebench.errors import UserError
from mebench.models import build, names

CARD_KEYS = {"title", "kind", "paper", "licence", "module", "parameters", "inputs", "recipe", "resources", "notes"}


def settings(name: str) -> list[dict]:
    """The defaults of a model, then every other value of each option, at the small size where the model has one."""
    options = cards.card("models", name).get("options", {})
    small = {"size": "small"} if "small" in options.get("size", []) else {}
    return [{}] + [{**small, key: value} for key, values in options.items() for value in values[1:]]


EVERY = [(name, options) for name in names() for options in settings(name)]


def picture(name: str, options: dict, n: int = 4) -> torch.Tensor:
    """A batch of the shape that the card asks for."""
    card = cards.card("models", name)
    inputs = card["inputs"] | card.get("variants", {}).get(options.get("variant"), {}).get("inputs", {})
    return torch.rand(
        n, len(inputs["channels"]), inputs["size"], inputs["size"], generator=torch.Generator().manual_seed(0)
    )


@pytest.mark.parametrize("name", names())
def test_the_card_is_complete_and_reads_without_importing_the_model(name):
    card = cards.card("models", name)
    assert set(card) >= CARD_KEYS
    assert card["kind"] in ("model", "control")
    assert set(card["inputs"]) == {"kind", "size", "channels", "range", "center"}
    assert set(card["resources"]) == {"mem_mb", "runtime_min", "gpu"}
    assert card["kind"] == "control" or {"title", "authors", "venue", "year"} <= set(card["paper"])
    assert set(card.get("variants", {})) <= set(card.get("options", {}).get("variant", []))


@pytest.mark.parametrize("name", names())
def test_the_first_value_of_an_option_is_its_default(name):
    """So the defaults need no test of their own by name."""
    card = cards.card("models", name)
    module = getattr(cards.load("models", name), card["module"])
    options = {key: values[0] for key, values in card.get("options", {}).items()}
    assert {key: inspect.signature(module).parameters[key].default for key in options} == options


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("preset", ["paper", "small"])
def test_the_presets_resolve_to_a_whole_recipe(name, preset):
    if preset not in cards.card("models", name).get("presets", {"paper": {}}):
        with pytest.raises(UserError, match="has no preset"):
            recipes.resolve({"model": name, "preset": preset})
        return
    resolved = recipes.resolve({"model": name, "preset": preset})
    assert set(resolved["recipe"]) in (set(recipes.RECIPE), set())


@pytest.mark.parametrize("name", names())
def test_the_card_states_the_parameters_of_the_default_model_at_three_classes(name):
    with torch.device("meta"):  # shapes without memory
        model = build(name, num_classes=3)
    assert sum(p.numel() for p in model.parameters()) == cards.card("models", name)["parameters"]


@pytest.mark.parametrize(("name", "options"), EVERY)
@pytest.mark.parametrize("classes", [3, 5])
def test_logits_for_any_batch_also_of_one(name, options, classes):
    model = build(name, num_classes=classes, **options).eval()
    for n in (1, 4):
        logits = model(picture(name, options, n))
        assert logits.shape == (n, classes)
        assert torch.isfinite(logits).all()


@pytest.mark.parametrize(("name", "options"), [(n, o) for n, o in EVERY if cards.card("models", n)["kind"] == "model"])
def test_evaluation_is_deterministic_and_a_clip_does_not_see_its_batch(name, options):
    model, x = build(name, num_classes=3, **options).eval(), picture(name, options)
    whole = model(x)
    assert torch.equal(whole, model(x))
    torch.testing.assert_close(whole[:1], model(x[:1]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "options"), [(n, o) for n, o in EVERY if cards.card("models", n)["parameters"]])
def test_every_parameter_gets_a_gradient_but_those_that_the_card_calls_dead(name, options):
    torch.manual_seed(0)
    model = build(name, num_classes=3, **options).train()
    torch.nn.functional.cross_entropy(model(picture(name, options, 8)), torch.arange(8) % 3).backward()
    patterns = cards.card("models", name).get("dead", [])
    largest = {n: 0.0 if p.grad is None else float(p.grad.abs().max()) for n, p in model.named_parameters()}
    dead = {n for n in largest for pattern in patterns if fnmatch(n, pattern)}
    assert [n for n in largest if n not in dead and not largest[n]] == []
    assert [n for n in dead if largest[n] > 1e-6 * max(largest.values())] == []  # nothing, or rounding
    assert [pattern for pattern in patterns if not any(fnmatch(n, pattern) for n in largest)] == []


@pytest.mark.parametrize("name", names())
def test_the_source_of_a_model_is_part_of_its_fingerprint(name):
    assert sources.of_model(name) != sources.of_model(next(n for n in names() if n != name))


def test_a_model_built_on_another_changes_with_it(tmp_path):
    """shuffled_labels imports ststnet: the digest covers both files."""
    alone = sources.fingerprint(cards.locate("models", "shuffled_labels").resolve())
    copy = tmp_path / "shuffled_labels.py"
    copy.write_text(
        cards.locate("models", "shuffled_labels").read_text().replace("mebench.models.ststnet", "elsewhere")
    )
    assert sources.fingerprint(copy) != alone


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
    majority.fit(torch.zeros(5, 1), torch.tensor([2, 2, 2, 0, 1]))
    assert majority(torch.zeros(4, 1)).argmax(1).tolist() == [2, 2, 2, 2]
    oracle.reveal(torch.tensor([0, 2, 1]))
    assert oracle(torch.zeros(3, 1)).argmax(1).tolist() == [0, 2, 1]


def test_stratified_random_follows_the_training_frequencies():
    model = build("stratified_random", num_classes=3)
    model.fit(torch.zeros(10, 1), torch.tensor([0] * 7 + [1] * 3))
    torch.manual_seed(0)
    drawn = torch.bincount(model(torch.zeros(2000, 1)).argmax(1), minlength=3) / 2000
    torch.testing.assert_close(drawn, torch.tensor([0.7, 0.3, 0.0]), atol=0.04, rtol=0)
