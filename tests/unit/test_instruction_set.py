"""Instruction sets: what libraries may use, what is recorded, and that folds have the same bytes on every machine."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import fold_zip
import pytest
import torch
from toy import Toy

from mebench import cli, instruction_set
from mebench.errors import UserError

HERE = Path(__file__).parent
AVX2 = {"sse4_2", "avx", "avx2", "fma"}
NEEDS_AVX2 = pytest.mark.skipif(
    not instruction_set.flags() >= instruction_set.NEEDED, reason="this processor has no AVX2"
)


@pytest.mark.parametrize(
    ("processor", "limited"),
    [
        (set(), set()),  # not x86, or nothing is known
        ({"sse4_2", "avx"}, set()),  # AVX2 is more than it has: a limit would be an order
        (AVX2, {"ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "OPENBLAS_CORETYPE", "OPENCV_IPP"}),
        (AVX2 | {"avx512f"}, {*instruction_set.LIMITS, "NPY_DISABLE_CPU_FEATURES", "OPENCV_CPU_DISABLE"}),
    ],
)
def test_limits_are_for_processors_that_have_more(processor, limited):
    assert set(instruction_set.limits_of(processor)) == limited


def test_flags_are_those_of_the_first_core(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nflags\t\t: fpu avx2 fma\n\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert instruction_set.flags(info) == {"fpu", "avx2", "fma"}
    assert instruction_set.flags(tmp_path / "none") == frozenset()


def test_another_word_is_a_sentence():
    with pytest.raises(UserError, match="isa is 'avx3' \\(did you mean 'avx2'\\?\\)"):
        instruction_set.check("avx3")


def test_a_process_that_has_loaded_a_library_stays_as_it_is():
    environment = {"MKL_CBWR": "COMPATIBLE"}
    instruction_set.restrict("avx2", environment)  # numpy and torch are loaded here
    assert environment == {"MKL_CBWR": "COMPATIBLE"}


def test_the_command_line_begins_before_any_library():
    """A library chooses its code when it is loaded, so the limits would come too late."""
    asked = "import sys; from mebench import cli, instruction_set; cli.parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert not set(instruction_set.LIBRARIES) & set(loaded)


# what each library says of itself, in a process of its own
ASKED = """
import contextlib, io, json, sys
from mebench import instruction_set
instruction_set.restrict(sys.argv[1])
import cv2, numpy, torch
from threadpoolctl import threadpool_info
arctan2 = numpy.lib.introspect.opt_func_info("arctan2")
about = {
    "torch": torch.backends.cpu.get_cpu_capability(),
    "numpy": sorted({target["current"] for kinds in arctan2.values() for target in kinds.values()}),
    "opencv": cv2.getCPUFeaturesLine(),
    "ipp": cv2.ipp.getIppVersion(),
    "openblas": [one["architecture"] for one in threadpool_info() if one["internal_api"] == "openblas"],
    "in_use": instruction_set.in_use().as_json(),
}
print(json.dumps(about))
"""


def libraries(choice: str, **environment: str) -> dict:
    done = subprocess.run([sys.executable, "-c", ASKED, choice], env=os.environ | environment,
                          capture_output=True, text=True, check=True)  # fmt: skip
    return json.loads(done.stdout) | {"complaints": done.stderr}


@NEEDS_AVX2
def test_every_library_obeys():
    about = libraries("avx2")
    assert about["torch"] == about["in_use"]["torch"] == "AVX2"
    assert "512" not in str(about["numpy"])
    assert "X86_V4" not in about["numpy"]
    assert "AVX-512" not in about["ipp"]
    assert "AVX512-SKX?" in about["opencv"] or "AVX512-SKX" not in about["opencv"]  # ? marks what is disabled
    assert set(about["openblas"]) <= {"Haswell"}
    assert about["in_use"]["choice"] == "avx2"
    assert about["complaints"] == ""


@NEEDS_AVX2
def test_native_takes_the_limits_back_and_leaves_what_others_set():
    capped = instruction_set.limits_of(instruction_set.flags())
    about = libraries("native", **{**capped, "MKL_CBWR": "COMPATIBLE"})
    assert about["in_use"]["choice"] == "native"
    assert about["in_use"]["limits"] == {}
    fresh = {name: value for name, value in os.environ.items() if name not in capped}
    plain = subprocess.run([sys.executable, "-c", "import torch; print(torch.backends.cpu.get_cpu_capability())"],
                           env=fresh, capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    assert about["torch"] == plain


@NEEDS_AVX2
def test_these_tests_run_as_jobs_do():
    assert instruction_set.in_use().choice == "avx2"


@pytest.mark.parametrize("verb", ["train", "inputs"])
def test_the_verbs_that_cost_time_have_the_option(verb):
    parser = cli.parser()
    verbs = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    (option,) = [action for action in verbs.choices[verb]._actions if action.dest == "isa"]
    assert (tuple(option.choices), option.default) == (instruction_set.CHOICES, instruction_set.DEFAULT)


# --- folds -----------------------------------------------------------------------------------------------------------

# entry -> SHA-256 of predictions.csv of one fold of the toy task under the limits, one thread, made by an AMD EPYC that
# has AVX-512; without the limits it gives others for the last three. They are of one version of torch, and of one maker
# of processors: an Intel Xeon gives others for all six, docs/what-a-run-does.md#the-same-bytes-on-another-machine
TORCH = "2.13.0"
CPUINFO = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
FROM_SCRATCH = {"size": "flow28", "pretrained": "none", "warmup_epochs": 0}
FOLDS: dict[str, tuple[dict, str]] = {
    "paper": ({"model": "ststnet", "epochs": 30}, "3cebe65d6c4e642b"),
    "plain": ({"model": "ststnet", "preset": "plain", "epochs": 30}, "4699decb250a597d"),
    "port": ({"model": "ststnet", "variant": "port", "epochs": 30}, "f13e81c9b2e7896a"),
    "off_apexnet": ({"model": "off_apexnet", "epochs": 10}, "692e28d73723f651"),
    "vit_tiny": ({"model": "vit_tiny", "epochs": 8, **FROM_SCRATCH}, "aed33475e4d585df"),
    "resnet18": ({"model": "resnet18", "epochs": 8, **FROM_SCRATCH}, "91cb26004eda73bc"),
}
TRAIN = """
import json, sys
from mebench import cli
for line in json.load(sys.stdin):
    assert cli.main(line) == 0
"""


def trained(toy: Toy, folder: Path, entries: dict[str, dict | str], isa: str = "avx2") -> dict[str, str]:
    """SHA-256 of the predictions of the fold casme2/s00 of each entry, trained by a process of its own."""
    lines = []
    for name, entry in entries.items():
        files = ["--clips", str(toy.clips), "--inputs", str(toy.inputs), "--out", str(folder / name)]
        spec = json.dumps(toy.spec(entry))
        lines.append(["train", "--spec", spec, *files, "--device", "cpu", "--fold", "casme2/s00", "--isa", isa])
    done = subprocess.run([sys.executable, "-c", TRAIN], input=json.dumps(lines), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    own = {name: folder / name / "folds/casme2-s00.zip" for name in entries}
    for path in own.values():
        assert fold_zip.record(path)["isa"]["choice"] == isa
    texts = {name: fold_zip.contents(path)["predictions.csv"] for name, path in own.items()}
    return {name: hashlib.sha256(text).hexdigest()[:16] for name, text in texts.items()}


@NEEDS_AVX2
@pytest.mark.skipif(torch.__version__.partition("+")[0] != TORCH, reason=f"the digests are those of torch {TORCH}")
@pytest.mark.skipif("AuthenticAMD" not in CPUINFO, reason="the digests are those of AMD's processors")
def test_folds_have_the_same_bytes_on_every_amd_machine(tmp_path):
    digests = trained(Toy(tmp_path / "toy", clips=12), tmp_path, {name: entry for name, (entry, _) in FOLDS.items()})
    machine = f"torch {torch.__version__} on a processor with {' '.join(sorted(instruction_set.flags()))}"
    assert digests == {name: wanted for name, (_, wanted) in FOLDS.items()}, machine


def test_folds_have_the_same_bytes_twice_on_this_machine(tmp_path):
    toy, entries = Toy(tmp_path / "toy"), {name: FOLDS[name][0] for name in ("port", "vit_tiny")}
    assert trained(toy, tmp_path / "first", entries) == trained(toy, tmp_path / "second", entries)


def test_another_choice_is_recorded(tmp_path):
    trained(Toy(tmp_path / "toy"), tmp_path, {"majority": "majority"}, isa="native")  # looks at fold.json
