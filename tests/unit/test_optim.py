"""The optimiser's groups, learning rates, averaged weights and orders of rows, against what papers and PyTorch say."""

from __future__ import annotations

import copy
import warnings
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mebench.errors import UserError
from mebench.training.optim import Ema, Schedule, factor, optimizer, parameter_groups, sampler

RECIPE = {
    "optimizer": "adam", "lr": 1e-3, "weight_decay": 0.0, "weight_decay_on": "all", "momentum": 0.9, "epochs": 10,
    "schedule": "constant", "warmup_epochs": 0.0, "min_lr": 0.0, "step_epochs": 30, "gamma": 0.1, "first_epoch": 1,
    "layer_decay": 1.0, "precision": "float32",
}  # fmt: skip


def test_a_first_step_that_the_scaler_leaves_out_leaves_nothing_in_the_momentum():
    model = nn.Linear(4, 1, bias=False)
    before, x = model.weight.detach().clone(), torch.arange(4.0)[None]
    used = optimizer(model, RECIPE | {"optimizer": "sgd", "precision": "float16", "lr": 0.1})
    scaler = torch.amp.GradScaler("cpu")
    for overflows in (True, False):
        used.zero_grad()
        scaler.scale(model(x).sum()).backward()
        if overflows:
            model.weight.grad[0, 0] = float("inf")
        scaler.step(used)
        scaler.update()
    torch.testing.assert_close(model.weight, before - 0.1 * x)
    assert not used.defaults["fused"]  # that the fused form fails depends on what is in memory


class Stages(nn.Module):
    """Parts named as in HSTA: patches, stages, class tokens, norm and head."""

    def __init__(self, stages: int = 4):
        super().__init__()
        self.patches = nn.Linear(4, 4)
        self.stages = nn.ModuleList(nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4)) for _ in range(stages))
        self.class_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 3)
        self.layers = [("patches",), *((f"stages.{i}",) for i in range(stages))]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patches(x) + self.class_token[0]
        for stage in self.stages:
            x = stage(x)
        return self.head(self.norm(x))


def names_of(model: nn.Module, groups: list[dict]) -> list[list[str]]:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return [[names[id(parameter)] for parameter in group["params"]] for group in groups]


def rates(recipe: dict, steps_per_epoch: int, model: nn.Module | None = None) -> list[list[float]]:
    """The learning rates of all groups at every optimiser step of a training."""
    used = optimizer(model or nn.Linear(2, 2), recipe)
    schedule, seen = Schedule(used, recipe, steps_per_epoch), []
    for _ in range(recipe["epochs"] * steps_per_epoch):
        seen.append([group["lr"] for group in used.param_groups])
        used.step()
        schedule.step()
    return seen


# --- groups ----------------------------------------------------------------------------------------------------------


def test_multipliers_of_hsta():
    """docs/model-sources.md#hsta: 0.5905, 0.6561, 0.729, 0.81, 0.9, 1; there with AdamW 6.25e-5 and decay 0.05."""
    recipe = RECIPE | {"lr": 6.25e-5, "layer_decay": 0.9, "weight_decay": 0.05, "weight_decay_on": "matrices"}
    model = Stages()
    groups = parameter_groups(model, recipe)
    scales = {}
    for group, members in zip(groups, names_of(model, groups), strict=True):
        scales |= dict.fromkeys(members, round(group["lr"] / 6.25e-5, 4))
    assert scales["patches.weight"] == scales["patches.bias"] == 0.5905
    assert [scales[f"stages.{i}.1.weight"] for i in range(4)] == [0.6561, 0.729, 0.81, 0.9]
    assert {scales[name] for name in ("class_token", "norm.weight", "head.weight", "head.bias")} == {1.0}
    assert len({group["name"] for group in groups}) == len(groups) == 12


def test_a_layer_is_named_by_whole_parts():
    """stages.1 is not stages.10."""
    model = Stages(12)
    groups = parameter_groups(model, RECIPE | {"layer_decay": 0.5})
    layer = {name: i for i, members in enumerate(names_of(model, groups)) for name in members}
    assert groups[layer["stages.1.1.weight"]]["lr"] == pytest.approx(1e-3 * 0.5**11)
    assert groups[layer["stages.10.1.weight"]]["lr"] == pytest.approx(1e-3 * 0.5**2)


def test_decay_spares_biases_vectors_and_what_the_model_names():
    model, recipe = Stages(1), RECIPE | {"weight_decay": 0.05, "weight_decay_on": "matrices"}
    model.conv = nn.Conv2d(1, 1, 1)
    model.conv.bias = nn.Parameter(torch.zeros(1, 1, 1))  # a bias of three dimensions
    kept, spared = (names_of(model, parameter_groups(model, recipe))[i] for i in (0, 1))
    assert kept == ["class_token", "patches.weight", "stages.0.1.weight", "head.weight", "conv.weight"]
    assert [g["weight_decay"] for g in parameter_groups(model, recipe)] == [0.05, 0.0]
    assert set(kept) | set(spared) == dict(model.named_parameters()).keys()
    model.no_decay = ("*token",)  # HSTA decays its class tokens, MSMMT does not
    assert "class_token" in names_of(model, parameter_groups(model, recipe))[0]
    assert parameter_groups(model, recipe)[0]["weight_decay"] == 0
    (whole,) = parameter_groups(model, recipe | {"weight_decay_on": "all"})
    assert whole["weight_decay"] == 0.05


@st.composite
def nested(draw) -> nn.Module:
    """Modules in modules, some frozen, some with shared parameters, with layers by a prefix of their children."""

    def build(depth: int) -> nn.Module:
        kind = draw(st.sampled_from(["linear", "norm", "conv", *(["nest"] * 2 if depth else [])]))
        if kind == "nest":
            return nn.Sequential(*(build(depth - 1) for _ in range(draw(st.integers(1, 3)))))
        part = {"linear": nn.Linear(2, 2), "norm": nn.LayerNorm(2), "conv": nn.Conv1d(1, 1, 1)}[kind]
        return part.requires_grad_(draw(st.booleans()))

    model = nn.Sequential(*(build(2) for _ in range(draw(st.integers(1, 4)))), nn.Linear(2, 3))
    linears = [m for m in model.modules() if isinstance(m, nn.Linear) and m.out_features == 2]
    if len(linears) > 1 and draw(st.booleans()):
        linears[0].weight = linears[1].weight
    children = list(dict.fromkeys(name.split(".")[0] for name, _ in model.named_parameters()))
    model.layers = [(name,) for name in children[: draw(st.integers(1, len(children)))]]
    return model


@settings(max_examples=60, deadline=None)
@given(nested(), st.sampled_from(["all", "matrices"]), st.sampled_from([1.0, 0.7]))
def test_groups_hold_each_trained_parameter_exactly_once(model, decay_on, layer_decay):
    recipe = RECIPE | {"weight_decay": 0.1, "weight_decay_on": decay_on, "layer_decay": layer_decay}
    groups = parameter_groups(model, recipe)
    members = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(members) == sorted(id(p) for p in model.parameters() if p.requires_grad)
    assert all(group["params"] for group in groups)
    if decay_on == "all" and layer_decay == 1:
        assert len(groups) == 1


def train(used: torch.optim.Optimizer, model: nn.Module, steps: int = 5) -> list[torch.Tensor]:
    for i in range(steps):
        used.zero_grad()
        model(torch.randn(8, 4, generator=torch.Generator().manual_seed(i))).square().sum().backward()
        used.step()
    return [parameter.detach() for parameter in model.parameters()]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("adam", lambda p, **how: torch.optim.Adam(p, lr=0.01, weight_decay=0.1, **how)),
        ("adamw", lambda p, **how: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1, **how)),
        ("sgd", lambda p, **how: torch.optim.SGD(p, lr=0.01, weight_decay=0.1, momentum=0.8, **how)),
    ],
)
@pytest.mark.parametrize("fused", [True, False])
def test_one_group_in_the_models_order_trains_as_pytorch_does(name, plain, fused):
    """Bit for bit as its fused optimisers do, and as the plain ones but for rounding."""
    torch.manual_seed(0)
    ours, theirs = Stages(), Stages()
    theirs.load_state_dict(ours.state_dict())
    recipe = RECIPE | {"optimizer": name, "lr": 0.01, "weight_decay": 0.1, "momentum": 0.8}
    used = optimizer(ours, recipe)
    (group,) = used.param_groups
    assert all(a is b for a, b in zip(group["params"], ours.parameters(), strict=True))
    Schedule(used, recipe, 5)
    trained, expected = train(used, ours), train(plain(theirs.parameters(), fused=fused), theirs)
    exactly = {"rtol": 0, "atol": 0} if fused else {"rtol": 1e-5, "atol": 1e-6}
    torch.testing.assert_close(trained, expected, **exactly)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda m: delattr(m, "layers"),
            "layer_decay needs a model that names its layers, but Stages .* layer_decay: 1",
        ),
        (lambda m: setattr(m, "layers", ["patches"]), "no list of tuples"),
        (lambda m: setattr(m, "layers", []), "no list of tuples"),
        (lambda m: setattr(m, "layers", [("patch",)]), "'patch' among the 'layers' of Stages fits none"),
        (lambda m: setattr(m, "layers", [("stages",), ("stages.0",)]), r"stages\.0.* is in two of its 'layers'"),
        (lambda m: setattr(m, "no_decay", ("token",)), "'token' among the 'no_decay' of Stages fits none"),
        (lambda m: m.requires_grad_(False), "Stages has nothing to train"),
    ],
)
def test_a_model_that_names_its_parameters_wrongly_is_told_so(change, message):
    model = Stages()
    change(model)
    with pytest.raises(UserError, match=message):
        parameter_groups(model, RECIPE | {"layer_decay": 0.9, "weight_decay_on": "matrices"})


def test_no_biases_spares_the_biases_of_layers_alone():
    """As MATLAB does it: BiasL2Factor is 0, the factors of scale and offset of batch norm are 1."""
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 3), nn.Linear(3, 3, bias=False)
    )
    groups = parameter_groups(model, RECIPE | {"weight_decay": 1e-4, "weight_decay_on": "no_biases"})
    named = {id(parameter): name for name, parameter in model.named_parameters()}
    decays = {group["weight_decay"]: [named[id(p)] for p in group["params"]] for group in groups}
    assert decays == {1e-4: ["0.weight", "1.weight", "1.bias", "3.weight", "4.weight"], 0.0: ["0.bias", "3.bias"]}


# --- schedules -------------------------------------------------------------------------------------------------------


def test_constant_without_warm_up_leaves_the_optimiser_alone():
    used = optimizer(nn.Linear(2, 2), RECIPE)
    before, step = copy.deepcopy(used.state_dict()), used.step
    schedule = Schedule(used, RECIPE, 3)
    for _ in range(40):  # more than the recipe's steps
        schedule.step()
    assert used.state_dict() == before
    assert used.step == step


def test_cosine_of_hsta():
    """docs/model-sources.md#hsta: warm-up over 5 of 150 epochs, 21 steps each (688 clips by 32), to 1.25e-7."""
    recipe = RECIPE | {"schedule": "cosine", "lr": 6.25e-5, "min_lr": 1.25e-7, "warmup_epochs": 5.0, "epochs": 150}
    seen = [lr for (lr,) in rates(recipe, 21)]
    assert len(seen) == 3150
    assert seen[0] == 0
    assert seen[21] == pytest.approx(6.25e-5 / 5)
    assert seen[105] == max(seen) == 6.25e-5
    assert seen[(105 + 3149) // 2] == pytest.approx((6.25e-5 + 1.25e-7) / 2)
    assert seen[105 + (3149 - 105) // 4] == pytest.approx(1.25e-7 + 6.2375e-5 * (2 + 2**0.5) / 4)
    assert seen[-1] == pytest.approx(1.25e-7)
    assert all(a < b for a, b in pairwise(seen[:106]))
    assert all(a > b for a, b in pairwise(seen[105:]))


def test_cosine_is_that_of_pytorch():
    """CosineAnnealingLR reaches its minimum after T_max steps: the last step here."""
    recipe = RECIPE | {"schedule": "cosine", "min_lr": 1e-5}
    other = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=1e-3)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(other, T_max=39, eta_min=1e-5)
    for (lr,) in rates(recipe, 4):
        assert lr == pytest.approx(other.param_groups[0]["lr"])
        other.step()
        theirs.step()


def test_groups_keep_their_ratios():
    recipe = RECIPE | {"schedule": "cosine", "layer_decay": 0.9, "min_lr": 1e-5, "warmup_epochs": 2.0}
    for seen in rates(recipe, 3, Stages())[1:]:
        top = max(seen)
        assert sorted(lr / top for lr in seen) == pytest.approx([0.9**5, 0.9**4, 0.9**3, 0.9**2, 0.9, 1])


def test_steps_of_slstt():
    """docs/model-sources.md#slstt: x1 for epochs 1 to 29, x0.1 for epochs 30 to 40."""
    recipe = RECIPE | {"optimizer": "sgd", "schedule": "step", "lr": 0.01, "epochs": 40}
    seen = [lr for (lr,) in rates(recipe, 3)]
    assert seen == pytest.approx(29 * 3 * [0.01] + 11 * 3 * [0.001])
    assert factor(59 * 3, RECIPE | {"schedule": "step"}, 3) == pytest.approx(0.01)  # the first step of epoch 60
    assert factor(59 * 3 - 1, RECIPE | {"schedule": "step"}, 3) == pytest.approx(0.1)


def test_warm_up_goes_with_constant_and_step():
    warm = {"warmup_epochs": 2.0}
    assert [lr for (lr,) in rates(RECIPE | warm, 2)] == pytest.approx([0, 0.25e-3, 0.5e-3, 0.75e-3, *16 * [1e-3]])
    recipe = RECIPE | warm | {"schedule": "step", "step_epochs": 4}
    expected = [0, 0.25e-3, 0.5e-3, 0.75e-3, *2 * [1e-3], *8 * [1e-4], *6 * [1e-5]]
    assert [lr for (lr,) in rates(recipe, 2)] == pytest.approx(expected[:20])


@pytest.mark.parametrize(("name", "key"), [("adam", "betas"), ("sgd", "momentum")])
def test_one_cycle_is_that_of_pytorch_with_its_momentum(name, key):
    """docs/model-sources.md#me-tst: lr from lr/25 to lr to lr/250,000, beta1 0.95, 0.85, 0.95."""
    recipe = RECIPE | {"optimizer": name, "schedule": "onecycle", "lr": 1e-4, "layer_decay": 0.9}
    ours, theirs = optimizer(Stages(), recipe), optimizer(Stages(), recipe)
    peaks = [group["lr"] for group in theirs.param_groups]
    schedule, reference = Schedule(ours, recipe, 7), torch.optim.lr_scheduler.OneCycleLR(theirs, peaks, 70)
    seen = []
    for _ in range(70):
        seen.append([(group["lr"], group[key]) for group in ours.param_groups])
        assert seen[-1] == [(group["lr"], group[key]) for group in theirs.param_groups]
        for part in (ours, theirs, schedule, reference):
            part.step()
    momenta = [row[0][1] if name == "sgd" else row[0][1][0] for row in seen]
    assert [seen[i][0][0] for i in (0, 20, 69)] == pytest.approx([1e-4 / 25, 1e-4, 1e-4 / 25e4])
    assert [momenta[i] for i in (0, 20, 69)] == pytest.approx([0.95, 0.85, 0.95])


@pytest.mark.parametrize("kind", ["constant", "cosine", "step", "onecycle"])
def test_a_resumed_training_equals_an_uninterrupted_one(kind, tmp_path):
    warm = {"warmup_epochs": 1.0} if kind != "onecycle" else {}
    recipe = RECIPE | {"schedule": kind, "step_epochs": 2, "layer_decay": 0.9} | warm

    def start():
        torch.manual_seed(0)
        model = Stages()
        used = optimizer(model, recipe)
        return {"model": model, "optimizer": used, "schedule": Schedule(used, recipe, 3), "ema": Ema(model, 0.9)}

    def go_on(parts: dict, first: int, last: int) -> list:
        seen = []
        for i in range(first, last):
            seen.append([group["lr"] for group in parts["optimizer"].param_groups])
            parts["optimizer"].zero_grad()
            x = torch.randn(8, 4, generator=torch.Generator().manual_seed(i))
            parts["model"](x).square().sum().backward()
            parts["optimizer"].step()
            parts["schedule"].step()
            parts["ema"].update()
        return [seen, *(p.tolist() for p in (*parts["model"].parameters(), *parts["ema"].model.parameters()))]

    whole, first, again = start(), start(), start()
    expected = go_on(whole, 0, 30)
    go_on(first, 0, 11)
    torch.save({name: part.state_dict() for name, part in first.items()}, tmp_path / "state.pt")
    for name, state in torch.load(tmp_path / "state.pt", weights_only=True).items():
        again[name].load_state_dict(state)
    resumed = go_on(again, 11, 30)
    assert resumed[0] == expected[0][11:]
    assert resumed[1:] == expected[1:]


def test_a_first_step_left_out_by_the_gradient_scaler_warns_of_nothing():
    recipe = RECIPE | {"warmup_epochs": 1.0}
    schedule = Schedule(optimizer(nn.Linear(2, 2), recipe), recipe, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schedule.step()


# --- the average of the weights --------------------------------------------------------------------------------------


def test_the_average_by_hand():
    """First update: a copy; update n: decay min(0.5, n / (n + 9)), so 2/11, 3/12, ... and 0.5 from n = 9 on."""
    model = nn.Linear(1, 1, bias=False)
    ema, expected = Ema(model, 0.5), None
    for n in range(1, 15):
        with torch.no_grad():
            model.weight.fill_(n**2)
        ema.update()
        decay = min(0.5, n / (n + 9))
        expected = n**2 if n == 1 else decay * expected + (1 - decay) * n**2
        assert ema.model.weight.item() == pytest.approx(expected)
    assert model.weight.item() == 14**2


def test_no_average_is_the_model_itself():
    model = nn.Linear(2, 2)
    ema = Ema(model, 0.0)
    ema.update()
    assert ema.model is model
    assert ema.state_dict() == {}


def test_buffers_are_the_models_own():
    model = nn.Sequential(nn.BatchNorm1d(3))
    model.register_buffer("table", torch.arange(5))
    ema = Ema(model, 0.99)
    for i in range(4):
        model(torch.randn(8, 3, generator=torch.Generator().manual_seed(i)) + i)
        with torch.no_grad():
            model[0].weight += 1
        ema.update()
    assert not torch.equal(ema.model[0].weight, model[0].weight)
    assert all(torch.equal(a, b) for a, b in zip(ema.model.buffers(), model.buffers(), strict=True))
    assert ema.model.table.tolist() == [0, 1, 2, 3, 4]


# --- the order of rows -----------------------------------------------------------------------------------------------

labels = st.lists(st.integers(0, 4), min_size=1, max_size=40).map(torch.tensor)


@settings(deadline=None)
@given(labels, st.integers(0, 1000))
def test_shuffled_and_by_class_are_what_they_always_were(y, seed):
    """Shuffled: torch.randperm of the fold's own generator, epoch after epoch; by_class: sorted by (label, row)."""
    ours, theirs = (torch.Generator().manual_seed(seed) for _ in range(2))
    for _ in range(3):
        assert torch.equal(sampler(y, "shuffled", ours), torch.randperm(len(y), generator=theirs))
    before = ours.get_state()
    assert sampler(y, "by_class", ours).tolist() == sorted(range(len(y)), key=lambda i: (int(y[i]), i))
    assert torch.equal(ours.get_state(), before)


def test_balanced_draws_every_class_as_often():
    y = torch.tensor(300 * [0] + 60 * [2] + 40 * [3])  # no clip of class 1
    generator = torch.Generator().manual_seed(0)
    epochs = [sampler(y, "balanced", generator) for _ in range(50)]
    drawn = torch.cat(epochs)
    assert {len(epoch) for epoch in epochs} == {400}
    share = torch.bincount(y[drawn], minlength=4) / len(drawn)
    # 20,000 draws: the share of a class has a deviation of 0.0033
    assert share.tolist() == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3], abs=0.015)
    each = torch.bincount(drawn, minlength=400)
    assert each[360:].min() > 100  # of 167 expected; every clip of a class is as likely as every other
    assert each[360:].max() < 240
    assert not torch.equal(epochs[0], epochs[1])
    assert torch.equal(epochs[0], sampler(y, "balanced", torch.Generator().manual_seed(0)))
    assert all(len(epoch.unique()) < 400 for epoch in epochs)  # with replacement
