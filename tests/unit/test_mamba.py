"""The Mamba layer and its scan, beside the equations written out as loops (docs/model-sources.md#me-tst)."""

from __future__ import annotations

import math
import sys
import types

import pytest
import torch
import torch.nn.functional as F

from mebench.models import _mamba
from mebench.models._mamba import Mamba, fused_scan, selective_scan


def loop(x, delta, a, b, c):
    """The state space, one time step after the other, for autograd."""
    state, y = torch.zeros(len(x), *a.shape, dtype=x.dtype), []
    for t in range(x.shape[1]):
        state = torch.exp(delta[:, t, :, None] * a) * state + (delta[:, t] * x[:, t])[..., None] * b[:, t, None]
        y.append((state * c[:, t, None]).sum(-1))
    return torch.stack(y, dim=1)


def arguments(n=5, t=7, d=6, s=4, dtype=torch.float64, step=0.7, device="cpu"):
    """x, delta, a, b, c with gradients."""
    torch.manual_seed(0)
    sizes = {"x": (n, t, d), "delta": (n, t, d), "a": (d, s), "b": (n, t, s), "c": (n, t, s)}
    drawn = {name: torch.randn(size, dtype=dtype) for name, size in sizes.items()}
    drawn["delta"], drawn["a"] = 2 * step * torch.rand(n, t, d, dtype=dtype), -s * torch.rand(d, s, dtype=dtype)
    return [value.to(device).requires_grad_() for value in drawn.values()]


def gradients(scan, values, *options):
    torch.manual_seed(1)
    y = scan(*values, *options)
    return y.detach(), torch.autograd.grad(y, values, torch.randn(y.shape, dtype=torch.float64).to(y))


@pytest.fixture
def layer():
    """A small layer in float64, all of its weights at random."""
    torch.manual_seed(0)
    layer = Mamba(20, d_state=3).double()
    with torch.no_grad():
        for weight in layer.parameters():
            weight.normal_(std=0.5)
    return layer


# --- the scan ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recompute", [True, False])
@pytest.mark.parametrize("chunk", [1, 2, 5, None])
def test_the_scan_is_the_loop_and_its_gradient_that_of_the_loop(recompute, chunk):
    y, grads = gradients(selective_scan, arguments(), recompute, chunk)
    expected, expected_grads = gradients(loop, arguments())
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    for name, grad, wanted in zip(("x", "delta", "a", "b", "c"), grads, expected_grads, strict=True):
        torch.testing.assert_close(grad, wanted, rtol=1e-10, atol=1e-12, msg=name)


def test_in_float32_they_agree_to_its_precision():
    y, grads = gradients(selective_scan, arguments(dtype=torch.float32, t=30, s=64))
    expected, expected_grads = gradients(loop, arguments(dtype=torch.float32, t=30, s=64))
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)
    for grad, wanted in zip(grads, expected_grads, strict=True):
        torch.testing.assert_close(grad, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("recompute", [True, False])
def test_the_gradient_is_that_of_finite_differences(recompute):
    values = arguments(n=3, t=4, d=2, s=3)
    assert torch.autograd.gradcheck(lambda *v: selective_scan(*v, recompute, 2), values)


def test_stored_and_recomputed_states_give_the_same_bits():
    stored, recomputed = (gradients(selective_scan, arguments(dtype=torch.float32), keep, 2) for keep in (False, True))
    assert torch.equal(stored[0], recomputed[0])
    assert all(torch.equal(one, other) for one, other in zip(stored[1], recomputed[1], strict=True))


def test_recomputing_keeps_no_states_for_the_backward_pass():
    values, n_states = arguments(s=50), 5 * 7 * 6 * 50

    def kept(recompute):
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda v: sizes.append(v.numel()) or v, lambda v: v):
            selective_scan(*values, recompute)
        return sum(sizes)

    inputs = sum(v.numel() for v in values)
    assert (kept(True), kept(False)) == (inputs, inputs + n_states)


def test_an_impulse_fades_with_its_pole():
    """x = 1, 0, 0, ... with steps of 1/2, a = -2 and -6, b = c = 1: y[t] = 1/2 (e^-t + e^-3t)."""
    x, t = torch.eye(4)[:1, :, None], torch.arange(4)
    ones = torch.ones(1, 4, 2)
    y = selective_scan(x, torch.full_like(x, 0.5), torch.tensor([[-2.0, -6.0]]), ones, ones)
    torch.testing.assert_close(y[0, :, 0], 0.5 * (torch.exp(-t) + torch.exp(-3.0 * t)))


def test_decays_too_small_for_float32_are_harmless():
    """Steps of up to 200 and poles down to -64: exp(-12800)."""
    values = arguments(dtype=torch.float32, s=64, step=100)
    y, grads = gradients(selective_scan, values)
    expected, expected_grads = gradients(loop, [v.detach().double().requires_grad_() for v in values])
    torch.testing.assert_close(y.double(), expected, rtol=1e-4, atol=1e-3)
    for grad, wanted in zip(grads, expected_grads, strict=True):
        torch.testing.assert_close(grad.double(), wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))


# --- the layer --------------------------------------------------------------------------------------------------------


def test_parameters_of_a_layer():
    """51,072 for width 64 (docs/model-sources.md#me-tst): D = 128, N = 64, R = 4."""
    sizes = {name: p.numel() for name, p in Mamba(64).named_parameters()}
    assert sizes == {
        "A_log": 128 * 64, "D": 128, "in_proj.weight": 256 * 64, "conv1d.weight": 128 * 4, "conv1d.bias": 128,
        "x_proj.weight": (4 + 2 * 64) * 128, "dt_proj.weight": 128 * 4, "dt_proj.bias": 128,
        "out_proj.weight": 64 * 128,
    }  # fmt: skip
    assert sum(sizes.values()) == 51_072


def test_initial_poles_skip_and_steps():
    layer = Mamba(64)
    torch.testing.assert_close(layer.A_log, torch.arange(1.0, 65).log().repeat(128, 1))
    assert torch.equal(layer.D, torch.ones(128))
    steps = F.softplus(layer.dt_proj.bias)
    assert 0.001 * 0.999 <= steps.min() < 0.003
    assert 0.03 < steps.max() <= 0.1 * 1.001


def test_the_layer_is_its_equations_step_by_step(layer):
    """The equations in docs/model-sources.md#me-tst, one clip, one frame and one channel at a time."""
    h = torch.randn(2, 5, 20, dtype=torch.float64)
    w = dict(layer.named_parameters())
    a, expected = -torch.exp(w["A_log"]), torch.zeros(2, 5, 20, dtype=torch.float64)
    for n in range(2):
        entered = [w["in_proj.weight"] @ h[n, t] for t in range(5)]
        state = torch.zeros(40, 3, dtype=torch.float64)
        for t in range(5):
            taps = sum(w["conv1d.weight"][:, 0, 3 - j] * entered[t - j][:40] for j in range(4) if t >= j)
            c = F.silu(w["conv1d.bias"] + taps)
            r, write, read = (w["x_proj.weight"] @ c).split([2, 3, 3])  # ceil(20 / 16) = 2
            step = F.softplus(w["dt_proj.weight"] @ r + w["dt_proj.bias"])
            y = torch.zeros(40, dtype=torch.float64)
            for d in range(40):
                state[d] = torch.exp(step[d] * a[d]) * state[d] + step[d] * write * c[d]
                y[d] = read @ state[d] + w["D"][d] * c[d]
            expected[n, t] = w["out_proj.weight"] @ (y * F.silu(entered[t][40:]))
    torch.testing.assert_close(layer(h), expected)


def test_one_frame_has_a_closed_form(layer):
    """T = 1: the state is what is written, so y = (step (B . C) + D) c."""
    h = torch.randn(4, 1, 20, dtype=torch.float64)
    u, gate = layer.in_proj(h[:, 0]).chunk(2, dim=1)
    c = F.silu(layer.conv1d.weight[:, 0, 3] * u + layer.conv1d.bias)
    r, write, read = layer.x_proj(c).split([2, 3, 3], dim=1)
    y = (F.softplus(layer.dt_proj(r)) * (write * read).sum(1, keepdim=True) + layer.D) * c
    torch.testing.assert_close(layer(h)[:, 0], layer.out_proj(y * F.silu(gate)))


@pytest.mark.parametrize("t", [0, 3, 8])
def test_no_frame_sees_a_later_one(layer, t):
    h = torch.randn(2, 9, 20, dtype=torch.float64)
    changed = h.clone()
    changed[:, t] += 1
    moved = (layer(h) != layer(changed)).any(dim=2)
    assert not moved[:, :t].any()
    assert moved[:, t:].all()


def test_the_scan_stays_in_float32_under_autocast(monkeypatch):
    seen = []

    def spy(*values):
        seen.extend(v.dtype for v in values[:5])
        return selective_scan(*values)

    monkeypatch.setattr(_mamba, "selective_scan", spy)
    layer, x = Mamba(20), torch.randn(2, 5, 20)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(x)
        out.float().sum().backward()  # within autocast: its matrix products must not be cut short either
    assert out.dtype == torch.bfloat16
    assert seen == [torch.float32] * 5
    assert layer.A_log.grad.dtype == torch.float32
    assert torch.isfinite(layer.A_log.grad).all()


def test_the_backward_pass_is_not_cut_short_by_autocast():
    values = arguments(dtype=torch.float32)
    y = selective_scan(*values)
    plain = torch.autograd.grad(y, values, torch.ones_like(y), retain_graph=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under = torch.autograd.grad(y, values, torch.ones_like(y))
    assert all(torch.equal(one, other) for one, other in zip(plain, under, strict=True))


# --- the scan of mamba_ssm --------------------------------------------------------------------------------------------


def test_the_cpu_scans_in_torch(layer):
    assert layer.scan_used == ""
    layer(torch.zeros(1, 2, 20, dtype=torch.float64))
    assert layer.scan_used == "torch"


@pytest.fixture
def stand_in(monkeypatch):
    """A ``mamba_ssm`` whose scan is the loop, in that package's layout: (N, D, T), (D, S), (N, S, T)."""

    def selective_scan_fn(u, delta, A, B, C):
        assert all(v.is_contiguous() for v in (u, delta, A, B, C))
        return loop(u.mT, delta.mT, A, B.mT, C.mT).mT

    interface = types.ModuleType("mamba_ssm.ops.selective_scan_interface")
    interface.selective_scan_fn = selective_scan_fn
    for name in ("mamba_ssm", "mamba_ssm.ops"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    fused_scan.cache_clear()
    yield
    fused_scan.cache_clear()


def test_an_installed_mamba_ssm_is_used_on_a_gpu_only_and_handed_what_it_wants(stand_in):
    name, scan = _mamba.scan_for(torch.device("cuda"), torch.float32)
    assert name == "mamba_ssm"
    torch.testing.assert_close(scan(*arguments()), loop(*arguments()))
    assert _mamba.scan_for(torch.device("cuda"), torch.float64) == ("torch", selective_scan)
    assert _mamba.scan_for(torch.device("cpu"), torch.float32) == ("torch", selective_scan)


def test_without_mamba_ssm_a_gpu_scans_in_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "mamba_ssm", None)
    fused_scan.cache_clear()
    assert _mamba.scan_for(torch.device("cuda"), torch.float32) == ("torch", selective_scan)
    fused_scan.cache_clear()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU is visible")
def test_a_gpu_scans_as_the_cpu_does():
    y, grads = gradients(selective_scan, arguments(device="cuda"))
    expected, expected_grads = gradients(selective_scan, arguments())
    torch.testing.assert_close(y.cpu(), expected)
    for grad, wanted in zip(grads, expected_grads, strict=True):
        torch.testing.assert_close(grad.cpu(), wanted)


@pytest.mark.skipif(not torch.cuda.is_available() or not fused_scan(), reason="needs a CUDA GPU and mamba_ssm")
def test_mamba_ssm_agrees():
    torch.manual_seed(0)
    layer, x = Mamba(64).cuda(), torch.randn(4, 30, 64, device="cuda")
    fused = layer(x)
    assert layer.scan_used == "mamba_ssm"
    values = arguments(n=4, t=30, d=128, s=64, dtype=torch.float32, device="cuda")
    y, grads = gradients(_mamba.scan_of_mamba_ssm, values)
    expected, expected_grads = gradients(selective_scan, values)
    torch.testing.assert_close(y, expected, rtol=1e-3, atol=1e-3)
    for grad, wanted in zip(grads, expected_grads, strict=True):
        torch.testing.assert_close(grad, wanted, rtol=1e-3, atol=1e-3 * math.ceil(float(wanted.abs().max())))
    torch.testing.assert_close(fused.cpu(), layer.cpu()(x.cpu()), rtol=1e-3, atol=1e-4)
