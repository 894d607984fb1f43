"""Archives: what is in them, and that nothing but predictions is needed to make every table again."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import fake_spotting
import pytest
import small_results
import yaml

from mebench import cli
from mebench.archive import contents, crate, manifest, opened
from mebench.errors import UserError
from mebench.files import write_csv, write_json
from mebench.plots import style, together
from mebench.protocols.tasks import TASKS
from mebench.runs import table_statistics
from mebench.statistics import summary


@pytest.fixture(scope="module", autouse=True)
def _few_resamples():
    """Statistics of few resamples: what is tested is that they are made again, not how sure they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_statistics, "DEFAULT", replace(table_statistics.DEFAULT, resamples=99))
        patch.setattr(summary, "POWER_STUDIES", 5)
        yield


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A finished benchmark and its archive ``lab.zip``."""
    root = tmp_path_factory.mktemp("lab")
    small_results.write(root)
    assert pack(root, "--name", "Our lab", "--licence", "CC-BY-4.0") == 0
    return root


def test_a_table_of_ones_own_goes_with_the_archive(tmp_path):
    root = tmp_path / "own"
    root.mkdir()
    (root / "mine.yaml").write_text(yaml.safe_dump({
        "title": "Mine", "task": "smic-3", "parts": {"all": "All"}, "columns": [["all", "uar", "UAR"]],
        "notes": ["A note: 0.7000"],
    }))  # fmt: skip
    small_results.write(root, tables=["smic-3", str(root / "mine.yaml")], models=["majority"])
    assert pack(root) == 0
    nothing_of_this_machine(root)
    (root / "mine.yaml").unlink()
    assert cli.main(["restore", "--no-report", str(root / "lab.zip"), "--out", str(tmp_path / "back")]) == 0
    assert "0.7000" in (tmp_path / "back/tables/mine.md").read_text()
    assert small_results.texts(tmp_path / "back") == small_results.texts(root / "results")
    again = ["archive", "--config", str(tmp_path / "back/config.json"), "--name", "lab"]
    assert cli.main([*again, "--out", str(tmp_path / "again.zip")]) == 0
    assert (tmp_path / "again.zip").read_bytes() == (root / "lab.zip").read_bytes()


def test_what_runs_cost_goes_with_the_archive(tmp_path):
    plan = small_results.configure(tmp_path / "lab", tables=["smic-3", "cost"], models=["ststnet", "majority"])
    for run in plan.runs:
        folder = small_results.pooled(plan, run, parameters=1683 + run.seed, seconds=48.0, devices=["cpu (a machine)"])
        kept = json.loads((folder / "folds.json").read_text())
        kept["folds"] = [[f"{subject.replace('/', '-')}.zip", [0, 0], subject, "0" * 64, "done", "", 5.25 + run.seed,
                          512.5, "cpu (a machine)", 0] for subject in small_results.SUBJECTS]  # fmt: skip
        write_json(folder / "folds.json", kept)
    small_results.finish(plan)
    table = (tmp_path / "lab/results/tables/cost.csv").read_text()
    assert {"1683.500000", "5.750000", "512.500000"} <= set(re.split("[,\n]", table))
    assert pack(tmp_path / "lab") == 0
    assert cli.main(["restore", "--no-report", str(tmp_path / "lab/lab.zip"), "--out", str(tmp_path / "back")]) == 0
    assert small_results.texts(tmp_path / "back") == small_results.texts(tmp_path / "lab/results")


def test_a_table_that_was_made_by_its_name_goes_with_the_archive_where_it_is_named(small):
    write_json(small / "mine.yaml", {"title": "Mine", "task": "smic-3", "parts": {"all": "All"},
                                     "columns": [["all", "uar", "UAR"]]})  # fmt: skip
    made = ["--config", str(small / "config.yaml"), "--out", str(small / "results/tables/mine")]
    assert cli.main(["tables", str(small / "mine.yaml"), *made]) == 0
    assert pack(small, "--tables", str(small / "mine.yaml")) == 0
    with zipfile.ZipFile(small / "lab.zip") as packed:
        assert {"tables/mine.csv", "tables/smic-3.csv", "own/tables/mine.yaml"} <= set(packed.namelist())


def nothing_of_this_machine(root: Path) -> None:
    with zipfile.ZipFile(root / "lab.zip") as packed:
        assert not [name for name in packed.namelist() if str(root).encode() in packed.read(name)]


def pack(root: Path, *arguments: str) -> int:
    return cli.main(["archive", "--config", str(root / "config.yaml"), "--out", str(root / "lab.zip"), *arguments])


def changed(archive: Path, out: Path, members: dict[str, bytes | None], listed: bool = True) -> Path:
    """The archive with other ``members``; where it is ``listed``, the crate has their digests."""
    with zipfile.ZipFile(archive) as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    content = {name: value for name, value in {**content, **members}.items() if value is not None}
    if listed:
        kept = json.loads(content[crate.FILE])
        files = [entity for entity in kept["@graph"] if entity["@type"] != "File"]
        for name in sorted(set(content) - {crate.FILE}):
            own = content[name]
            files.append({"@id": name, "@type": "File", "contentSize": str(len(own)),
                          "sha256": hashlib.sha256(own).hexdigest()})  # fmt: skip
        content[crate.FILE] = json.dumps({**kept, "@graph": files}).encode()
    with zipfile.ZipFile(out, "w") as again:
        for name, value in content.items():
            again.writestr(name, value)
    return out


# --- what is packed


def test_the_same_results_are_packed_as_the_same_bytes_and_so_are_restored_ones(lab, tmp_path):
    assert cli.main(["restore", "--no-report", str(lab / "lab.zip"), "--out", str(tmp_path / "back")]) == 0
    for name, config in (("again.zip", lab / "config.yaml"), ("restored.zip", tmp_path / "back/config.json")):
        command = ["archive", "--config", str(config), "--out", str(tmp_path / name), "--name", "Our lab"]
        assert cli.main([*command, "--licence", "CC-BY-4.0"]) == 0
        assert (tmp_path / name).read_bytes() == (lab / "lab.zip").read_bytes()


def test_scores_tables_and_statistics_are_made_again_byte_for_byte(lab, tmp_path, capsys):
    out = tmp_path / "back"
    assert cli.main(["restore", "--no-report", str(lab / "lab.zip"), "--out", str(out)]) == 0
    made = small_results.texts(lab / "results")
    assert small_results.texts(out) == made
    assert {"tables/smic-3.statistics.json", "tables/smic-3.tex", "scores/smic-3/ststnet.json"} <= set(made)
    assert f"{len(made)} files with the same bytes as packed" in capsys.readouterr().out
    assert not (out / "packed").exists()
    with zipfile.ZipFile(lab / "lab.zip") as packed:
        kept = {name for name in packed.namelist() if name.startswith("runs/")}
    assert all((out / name).read_bytes() == (lab / "results" / name).read_bytes() for name in kept)


def test_ordinary_commands_work_on_what_is_restored(lab, tmp_path, capsys):
    out = tmp_path / "back"
    cli.main(["restore", "--no-report", str(lab / "lab.zip"), "--out", str(out)])
    config = ["--config", str(out / "config.json")]
    assert cli.main(["tables", "smic-3", *config, "--out", str(tmp_path / "table")]) == 0
    assert (tmp_path / "table.csv").read_bytes() == (lab / "results/tables/smic-3.csv").read_bytes()
    capsys.readouterr()
    assert cli.main(["compare", "smic-3/ststnet", "smic-3/majority", "--json", *config]) == 0
    assert json.loads(capsys.readouterr().out)["difference"] > 0


@pytest.mark.filterwarnings("ignore:There are no gridspecs")
def test_the_report_is_made_of_what_needs_no_clips_and_is_the_same_everywhere(small, monkeypatch):
    monkeypatch.setattr(together, "draw_task", lambda plot, data: style.message(plot))  # drawing takes seconds
    assert pack(small, "--name", "Our lab") == 0
    for name in ("here", "there"):
        assert cli.main(["restore", str(small / "lab.zip"), "--out", str(small / name)]) == 0
    page = (small / "here/report.html").read_text()
    assert (small / "there/report.html").read_text() == page
    assert str(small) not in page
    assert "Majority class" in page
    drawn = {path.stem for path in (small / "here/plots/smic-3").iterdir()}
    assert {"confusion", "curves", "forest"} <= drawn
    assert not [plot for plot in drawn if plot.startswith("input-")]
    assert (small / "here/provenance.json").read_bytes() == (small / "results/provenance.json").read_bytes()


def test_files_of_models_are_not_needed(tmp_path, monkeypatch):
    """Of a model of one's own, and of predictions that somebody else made."""
    monkeypatch.chdir(tmp_path)
    own = Path(cli.__file__).with_name("models") / "ststnet.py"
    Path("my_net.py").write_text(own.read_text())
    write_csv(Path("theirs.csv"), ["clip_id", "prediction"], [{"clip_id": "a", "prediction": "positive"}])
    models = ["majority", {"name": "theirs", "predictions": "theirs.csv", "task": "smic-3"}, {"model": "my_net.py"}]
    small_results.write(tmp_path, models=models, seeds=[0])
    assert pack(tmp_path) == 0
    Path("my_net.py").unlink()
    Path("theirs.csv").unlink()
    monkeypatch.setattr(together, "draw_task", lambda plot, data: style.message(plot))
    with pytest.warns(UserWarning, match="gridspecs"):
        assert cli.main(["restore", "lab.zip", "--out", "back"]) == 0
    assert small_results.texts(Path("back")) == small_results.texts(tmp_path / "results")
    assert "theirs" in Path("back/report.html").read_text()


def test_a_spotting_task_keeps_the_numbers_of_its_predictions(tmp_path):
    config = {"tasks": [fake_spotting.TASK | {"title": "Tiny"}], "datasets": {"samm_long": {"source": "synthetic"}}}
    plan = small_results.configure(tmp_path, **config, models=[{"model": "me_tst", "name": "sharp"}], seeds=[0])
    results = Path(plan.results)
    folder = fake_spotting.run(results, "sharp", "Sharp", fake_spotting.SHARP)
    record = json.loads((folder / "run.json").read_text())
    write_json(folder / "run.json", {**record, "spec": plan.runs[0].spec})
    small_results.finish(plan)
    assert pack(tmp_path) == 0
    assert cli.main(["restore", "--no-report", str(tmp_path / "lab.zip"), "--out", str(tmp_path / "back")]) == 0
    assert small_results.texts(tmp_path / "back") == small_results.texts(results)
    for name in ("predictions.npy", "intervals.csv", "labels.csv", "sweep.csv", "stage.json"):
        kept = f"runs/tiny-spotting/sharp/seed0/{name}"
        assert (tmp_path / "back" / kept).read_bytes() == (results / kept).read_bytes(), name


def test_nothing_of_this_machine_and_no_picture_is_packed(lab):
    nothing_of_this_machine(lab)
    with zipfile.ZipFile(lab / "lab.zip") as packed:
        assert {Path(name).suffix for name in packed.namelist()} <= {
            ".cff", ".csv", ".html", ".json", ".lock", ".md", ".tex", ""
        }  # fmt: skip
        assert {"CITATION.cff", "LICENSE", "requirements.lock", "provenance.json"} <= set(packed.namelist())
        assert all(entry.date_time == (1980, 1, 1, 0, 0, 0) for entry in packed.infolist())


def test_the_crate_is_json_ld_that_says_what_each_member_is(lab):
    with zipfile.ZipFile(lab / "lab.zip") as packed:
        kept = json.loads(packed.read(crate.FILE))
        names = set(packed.namelist()) - {crate.FILE}
        digests = {name: hashlib.sha256(packed.read(name)).hexdigest() for name in names}
    entities = {entity["@id"]: entity for entity in kept["@graph"]}
    assert kept["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    assert len(entities) == len(kept["@graph"])
    descriptor, root = entities[crate.FILE], entities["./"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}
    assert root["name"] == "Our lab"
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0"}
    assert "SYNTHETIC DATA" in root["description"]
    assert len(root["datePublished"]) == len("2026-01-31")
    files = {one: entity for one, entity in entities.items() if entity["@type"] == "File"}
    assert {name: entity["sha256"] for name, entity in files.items()} == digests
    assert {part["@id"] for part in root["hasPart"]} == set(files)
    assert all(entity["description"] and entity["encodingFormat"] for entity in files.values())
    for entity in entities.values():  # every reference within the crate leads to an entity
        for value in entity.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and one["@id"] != "https://w3id.org/ro/crate/1.1":
                    assert one["@id"] in entities


def test_a_package_without_a_checkout_is_cited_too(tmp_path):
    text = contents.citation(tmp_path)
    assert yaml.safe_load(text)["cff-version"] == "1.2.0"
    assert yaml.safe_load(text)["title"].startswith("mebench: ")


def test_the_verbs_are_light():
    code = ("import sys; from mebench import cli; cli.parser();"
            "print(*{'torch', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules))")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# --- what is not packed without a word


@pytest.fixture
def small(tmp_path) -> Path:
    """A finished benchmark of one control, to be damaged."""
    small_results.write(tmp_path, models=["majority"])
    return tmp_path


def test_runs_that_are_not_finished_are_said(small, capsys):
    folder = small / "results/runs/smic-3/majority"
    shutil.rmtree(folder / "seed1")
    assert pack(small) == 2
    assert "1 of 2 runs are not finished, the first is smic-3/majority/seed1" in capsys.readouterr().err
    assert not (small / "lab.zip").exists()
    assert pack(small, "--incomplete") == 0
    assert "INCOMPLETE, 1 of 2 runs are absent" in capsys.readouterr().out
    assert not opened.read(small / "lab.zip").manifest.complete
    assert cli.main(["restore", "--no-report", str(small / "lab.zip"), "--out", str(small / "back")]) == 0
    text = (small / "back/tables/smic-3.md").read_text()
    assert "INCOMPLETE: 1 run is missing" in text
    assert "Majority class, seed 1: it was not made." in text


def test_a_run_that_lacks_folds_is_not_finished(tmp_path, capsys):
    plan = small_results.configure(tmp_path, models=["majority"], seeds=[0])
    clips = {clip: label for clip, label in small_results.CLIPS.items() if not clip.startswith("smic/s01")}
    failed = [{"fold": "smic/s01", "status": "timeout", "message": ""}]
    small_results.pooled(plan, plan.runs[0], clips, folds_expected=8, failed=failed)
    small_results.finish(plan)
    assert pack(tmp_path) == 2
    assert "smic-3/majority/seed0 (folds are missing)" in capsys.readouterr().err
    assert pack(tmp_path, "--incomplete") == 0
    assert opened.read(tmp_path / "lab.zip").manifest.unfinished == ("smic-3/majority/seed0",)


def test_a_run_of_another_configuration_is_not_packed_as_one_of_this(small, capsys):
    text = (small / "config.yaml").read_text()
    (small / "config.yaml").write_text(text.replace("- majority", "- {model: ststnet, name: majority}"))
    assert pack(small, "--incomplete") == 2
    assert "has no predictions of this configuration" in capsys.readouterr().err


def test_a_table_that_the_predictions_do_not_give_is_not_packed(small, capsys):
    table = small / "results/tables/smic-3.csv"
    table.write_text(table.read_text().replace("Majority", "Mine"))
    assert pack(small) == 2
    assert "tables/smic-3.csv is not what this mebench makes of the predictions" in capsys.readouterr().err
    assert not (small / "lab.zip").exists()
    table.unlink()
    assert pack(small) == 2
    assert f"cannot read {table}" in capsys.readouterr().err


def test_provenance_is_that_of_the_predictions(small, capsys):
    path = small / "results/runs/smic-3/majority/seed0/predictions.csv"
    path.write_text(path.read_text().replace(",positive,negative\n", ",positive,positive\n", 1))
    assert pack(small) == 2
    assert "provenance.json was not made with the predictions of smic-3/majority/seed0" in capsys.readouterr().err


def test_without_labels_nothing_tells_them_and_nothing_is_made_again(small, capsys):
    assert pack(small, "--without-labels") == 0
    with zipfile.ZipFile(small / "lab.zip") as packed:
        names = packed.namelist()
        assert not [name for name in names if b"smic/s01/c0" in packed.read(name)]
    assert not [name for name in names if "predictions" in name]
    assert "tables/smic-3.csv" in names
    capsys.readouterr()
    assert cli.main(["restore", "--no-report", str(small / "lab.zip"), "--out", str(small / "back")]) == 2
    said = capsys.readouterr().err
    assert "was packed without labels, so that it holds no predictions and nothing can be made again" in said
    assert not (small / "back").exists()


def test_code_of_an_archive_is_never_run(small, capsys, monkeypatch):
    monkeypatch.chdir(small)
    monkeypatch.setitem(TASKS, "mine", {})  # so that it is taken out again
    del TASKS["mine"]
    kind = Path(cli.__file__).with_name("tasks") / "recognition.py"
    Path("own").mkdir()
    Path("own/recognition.py").write_text(kind.read_text() + "\nopen('it-ran', 'w')\n")
    task = {"name": "mine", "kind": "own/recognition.py", "datasets": ["smic"], "classes": list(small_results.CLASSES),
            "labels": {"smic": {name: name for name in small_results.CLASSES}}}  # fmt: skip
    clips = {clip: label for clip, label in small_results.CLIPS.items() if clip.startswith("smic/")}
    small_results.write(small, clips, tasks=[task], models=["majority"], seeds=[0])
    assert pack(small) == 0
    Path("own").rename("elsewhere")
    Path("it-ran").unlink()
    assert cli.main(["restore", "--no-report", "lab.zip", "--out", "back"]) == 2
    assert "look at own/kinds/recognition.py in the archive, put it at own/recognition.py" in capsys.readouterr().err
    assert not Path("it-ran").exists()
    assert not Path("back").exists()
    Path("elsewhere").rename("own")
    assert cli.main(["restore", "--no-report", "lab.zip", "--out", "back"]) == 0


# --- what was handed over


def test_the_first_member_that_is_not_as_packed_is_named(lab, tmp_path):
    name, later = "runs/smic-3/majority/seed0/predictions.csv", "scores/smic-3.csv"
    with zipfile.ZipFile(lab / "lab.zip") as packed:
        other = {one: packed.read(one).replace(b"smic/s01", b"smic/s02", 1) for one in (name, later)}
    bad = changed(lab / "lab.zip", tmp_path / "bad.zip", other, listed=False)
    with pytest.raises(UserError, match=f"^{name} in .*bad.zip is not what was packed"):
        opened.unpack(opened.read(bad), tmp_path)


def test_a_flipped_bit_is_found(lab, tmp_path, capsys):
    with zipfile.ZipFile(lab / "lab.zip") as packed:
        entry = packed.getinfo("runs/smic-3/ststnet/seed1/predictions.csv")
    content = bytearray((lab / "lab.zip").read_bytes())
    content[entry.header_offset + 200] ^= 4
    (tmp_path / "bad.zip").write_bytes(content)
    assert cli.main(["restore", "--no-report", str(tmp_path / "bad.zip"), "--out", str(tmp_path / "back")]) == 2
    assert "runs/smic-3/ststnet/seed1/predictions.csv in" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.zip"]


def written(path: Path, name: str, mode: int = 0, content: bytes = b"x", copies: int = 1) -> None:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    with zipfile.ZipFile(path, "a") as packed:
        for _ in range(copies):
            packed.writestr(entry, content)


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        ({"name": "../out"}, "holds the path ../out, which leads out of the folder"),
        ({"name": "/tmp/out"}, "leads out of the folder"),
        ({"name": "C:/out"}, "leads out of the folder"),
        ({"name": "runs/../../out"}, "leads out of the folder"),
        ({"name": "runs//x"}, "under a name that is none"),
        ({"name": "a\\b"}, "under a name that is none"),
        ({"name": "link", "mode": stat.S_IFLNK | 0o777, "content": b"/etc/passwd"}, "which is a link"),
        ({"name": "pipe", "mode": stat.S_IFIFO | 0o644}, "which is a link or a device"),
        ({"name": "folder/"}, "under a name that is none"),
        ({"name": "more.csv"}, "holds more.csv, other than its ro-crate-metadata.json says"),
    ],
)
def test_members_that_have_no_place_are_refused(lab, tmp_path, member, sentence):
    shutil.copy(lab / "lab.zip", tmp_path / "bad.zip")
    written(tmp_path / "bad.zip", **member)
    with pytest.raises(UserError, match=sentence.replace("+", r"\+")):
        opened.read(tmp_path / "bad.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(lab, tmp_path):
    shutil.copy(lab / "lab.zip", tmp_path / "bad.zip")
    written(tmp_path / "bad.zip", "config.json")
    with pytest.raises(UserError, match="holds 'config.json', twice"):
        opened.read(tmp_path / "bad.zip")


def test_what_is_absurdly_large_is_refused(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(opened, "LARGEST", 1000)
    with pytest.raises(UserError, match="refused, nothing was unpacked"):
        opened.read(lab / "lab.zip")
    monkeypatch.undo()
    monkeypatch.setattr(opened, "MOST", 3)
    with pytest.raises(UserError, match="would be more than 3 files"):
        opened.read(lab / "lab.zip")


def test_a_member_that_is_gone_is_named(lab, tmp_path):
    bad = changed(lab / "lab.zip", tmp_path / "bad.zip", {"scores/smic-3.csv": None}, listed=False)
    with pytest.raises(UserError, match="lacks scores/smic-3.csv, other than its"):
        opened.read(bad)


@pytest.mark.parametrize(
    ("format_name", "sentence"),
    [
        ("mebench archive 2", "but this mebench reads 'mebench archive 1'; update mebench"),
        ("crate 9", "it was not made by mebench archive"),
    ],
)
def test_another_format_is_refused(lab, tmp_path, format_name, sentence):
    text = json.dumps({"format": format_name, "what": "nobody knows yet"}).encode()
    bad = changed(lab / "lab.zip", tmp_path / "bad.zip", {manifest.FILE: text, "new/thing": b""})
    with pytest.raises(UserError, match=sentence):
        opened.read(bad)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 and nothing"])
def test_what_is_no_archive_is_one_sentence(tmp_path, capsys, content):
    (tmp_path / "bad.zip").write_bytes(content)
    assert cli.main(["restore", "--no-report", str(tmp_path / "bad.zip"), "--out", str(tmp_path / "back")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        packed.writestr("a.csv", "a")
    with pytest.raises(UserError, match="give a file that mebench archive made"):
        opened.read(tmp_path / "other.zip")
    with pytest.raises(UserError, match="cannot read .*gone.zip: No such file"):
        opened.read(tmp_path / "gone.zip")


def test_a_folder_with_content_is_never_overwritten(lab, tmp_path, capsys):
    out = tmp_path / "back"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert cli.main(["restore", "--no-report", str(lab / "lab.zip"), "--out", str(out)]) == 2
    assert "is there already; name another folder with --out" in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["back", "mine.txt"]


def test_tables_that_another_version_made_are_kept_beside(small, tmp_path, capsys):
    pack(small)
    with zipfile.ZipFile(small / "lab.zip") as packed:
        table = packed.read("tables/smic-3.csv").replace(b"Majority class", b"Another")
        about = packed.read(manifest.FILE).replace(b'"mebench": "', b'"mebench": "9.')
    other = changed(small / "lab.zip", small / "other.zip", {"tables/smic-3.csv": table, manifest.FILE: about})
    capsys.readouterr()
    assert cli.main(["restore", "--no-report", str(other), "--out", str(small / "back")]) == 1
    said = capsys.readouterr().out
    assert "tables/smic-3.csv differs from what was packed" in said
    assert "packed by mebench 9." in said
    assert (small / "back/packed/tables/smic-3.csv").read_bytes() == table
    assert [path.name for path in (small / "back/packed").rglob("*.*")] == ["smic-3.csv"]
    assert small_results.texts(small / "back") == small_results.texts(small / "results")
