"""The benchmark on a real Slurm, through the shipped profile: the same bytes as on one machine, whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import fold_zip
import pytest
import yaml
from cluster import RUN, Cluster, Submitted, missing, until
from project import PROJECT, Project

from mebench.files import read_csv

TABLE, PREDICTIONS = "results/tables/megc2019-flow.csv", f"{RUN}/sleepy/seed0/predictions.csv"
pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


class Watch(threading.Thread):
    """Looks at the queue every half second until ``over``; ``seen`` has the running jobs of each look."""

    def __init__(self, cluster: Cluster):
        super().__init__(daemon=True)
        self.cluster, self.seen, self.over = cluster, [], threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            self.seen.append([job for job in self.cluster.jobs() if job.get("JobState") == "RUNNING"])


def test_the_benchmark_on_slurm_makes_the_same_bytes_and_each_training_holds_a_gpu(cluster, local, tmp_path):
    project = Submitted(local, tmp_path / "project")
    project.run("rm", "-r", "results", ".snakemake")
    project.steps_take(0.1)
    watch = Watch(cluster)
    watch.start()
    project.submit(TABLE, "--config", "shards=3")
    project.wait()
    watch.over.set()
    assert project.results() == local.results()

    jobs = {job["JobId"]: job for jobs in watch.seen for job in jobs}.values()
    networks = [job for job in jobs if "sleepy" in job["Comment"]]
    assert sorted(job["Comment"][-6:] for job in networks) == ["1-of-3", "2-of-3", "3-of-3"]
    assert all(job["JOB_GRES"] == "gpu:fake:1" for job in networks)
    others = [job for job in jobs if job not in networks]
    rules = {job["Comment"].split("_wildcards")[0] for job in others}
    assert rules <= {"rule_input_parts", "rule_inputs", "rule_train", "rule_together_megc2019-flow"}, (
        "a cheap rule became a job"
    )
    assert all(job["JOB_GRES"] == "(null)" for job in others)
    held = [[job["GRES"] for job in jobs if job["JOB_GRES"] != "(null)"] for jobs in watch.seen]
    assert max(map(len, held)) == cluster.gpus, "all GPUs were used, and never by more jobs"
    assert all(len(set(gpus)) == len(gpus) for gpus in held), "two jobs held the same GPU"


def test_a_cut_of_the_rehearsal_of_the_papers_runs_to_its_table(cluster, local, tmp_path, monkeypatch):
    monkeypatch.delenv("MEBENCH_DATA", raising=False)
    paper = yaml.safe_load((PROJECT / "paper.yaml").read_text(encoding="utf-8"))
    cut = {"datasets": {"smic": paper["datasets"]["smic"]}, "tasks": ["smic-3"], "models": ["ststnet", "oracle"]}
    project = Submitted(local, tmp_path / "project")
    (project.folder / "cut.yaml").write_text(yaml.safe_dump(paper | cut), encoding="utf-8")
    table = "results/paper-rehearsal/tables/smic-3.csv"
    project.submit(table, "--configfile", "cut.yaml", "--config", "rehearsal=true", "shards=1,ststnet=2")
    said = project.wait(400)
    rows = [row for row in read_csv(project.folder / table) if row["block"] != "published"]
    assert {row["model"] for row in rows} == {"ststnet", "oracle"}
    assert {(row["origin"], row["n_seeds"], row["folds_done"], row["clips"]) for row in rows} == {
        ("rehearsal", "3", "16", "164")
    }
    assert "What the real run will take" in said
    assert "models that ask for no GPU:" in said


SPOTTING = """
datasets: {samm_long: {source: synthetic, size: brief, subjects: 3, clips: 2}}
tasks: [sammlv-spotting]
models: [{model: me_tst, preset: small, epochs: 2}, random_intervals]
seeds: [0]
"""


def test_a_task_of_spotting_makes_the_same_bytes_and_another_threshold_trains_nothing(cluster, tmp_path):
    table, shards = "results/tables/sammlv-spotting.csv", ("--config", "shards=2")
    alone = Project(tmp_path / "alone")
    alone.configure(SPOTTING)
    alone.snakemake(table, "--cores", "2")
    project = Submitted(alone, tmp_path / "project")
    project.submit(table, *shards)
    project.wait()
    assert project.results() == alone.results()
    arrays = {path.relative_to(alone.folder): path.read_bytes() for path in alone.folder.rglob("predictions.npy")}
    assert len(arrays) == 2  # of two models
    assert arrays == {name: (project.folder / name).read_bytes() for name in arrays}
    project.edit("config.yaml", "[sammlv-spotting]", "[{name: sammlv-spotting, stage: {threshold: 0.2}}]")
    planned = {job.split()[0] for job in project.planned(table, *shards)}
    assert planned == {"score", "together_sammlv-spotting", "tables"}  # controls, whose folds are there, are scored so


def suffer(project: Submitted, cluster: Cluster, strike: Callable[[dict[str, str]], None]) -> dict:
    """Submit, strike the training job when a fold is finished and another is under way, and wait for the good end.

    Returns the folds that were finished when it was struck, with their times.
    """
    project.steps_take(0.1)
    project.submit(PREDICTIONS)
    until(project.finished_folds, 120, "the first fold")
    project.steps_take(2)
    job = until(lambda: project.training(cluster), 5, "a running training job")
    time.sleep(1)  # a fold that was about to finish has done so
    finished = project.finished_folds()
    strike(job)
    until(lambda: project.training(cluster).get("StartTime") != job["StartTime"], 60, "the end of the job")
    project.steps_take(0)
    project.wait()
    return finished


def cancelled(project: Submitted, cluster: Cluster) -> dict:
    """Someone ends the job, as a preemption does."""
    return suffer(project, cluster, lambda job: cluster.ask("scancel", job["JobId"]))


def over_time(project: Submitted, cluster: Cluster) -> dict:
    """The job reaches its time limit, which is moved to the next second so that nobody waits for minutes."""

    def strike(job: dict[str, str]) -> None:
        soon = datetime.now() + timedelta(seconds=1)
        cluster.ask("scontrol", "update", f"JobId={job['JobId']}", f"EndTime={soon:%Y-%m-%dT%H:%M:%S}")

    return suffer(project, cluster, strike)


def out_of_memory(project: Submitted, cluster: Cluster) -> dict:
    """The job takes more memory than its card says."""
    return suffer(project, cluster, lambda _job: project.steps_take(2, megabytes=900))


STATES = {cancelled: "CANCELLED", over_time: "TIMEOUT", out_of_memory: "FAILED"}


@pytest.fixture(scope="module")
def accidents(
    cluster: Cluster, local: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Callable, tuple[Submitted, Future]]]:
    """Three accidents at once, each in a project of its own, because most of their time is waiting."""
    projects = {story: Submitted(local, tmp_path_factory.mktemp(story.__name__) / "project") for story in STATES}
    with ThreadPoolExecutor() as pool:
        yield {story: (project, pool.submit(story, project, cluster)) for story, project in projects.items()}


def check(local: Project, project: Submitted, finished: dict) -> None:
    """The results are those of the undisturbed run, and what was finished was not trained again."""
    made, undisturbed = (fold_zip.tables(one.folder / RUN) for one in (project, local))
    assert len(made) == 2 * (5 + 1)  # predictions and histories of five folds and of the run
    assert made == {name: undisturbed[name] for name in made}
    assert 0 < len(finished) < 5, "the job was not struck between its first and its last fold"
    after = project.finished_folds()
    assert len(after) == 5
    assert {fold: after[fold] for fold in finished} == finished
    left = [p for p in project.folder.rglob("*") if p.name.endswith((".running.json", ".checkpoint"))]
    assert not left, "something is left locked or half done"


@pytest.mark.parametrize("story", STATES)
def test_a_job_that_ends_too_early_is_tried_again_and_nothing_is_lost(local, accidents, cluster, story):
    project, finished = accidents[story]
    check(local, project, finished.result())
    assert f"failed, SLURM status is: '{STATES[story]}'" in project.said()
    mine = [job for job in cluster.jobs() if job["WorkDir"] == str(project.folder)]
    asked = [(job["MinMemoryNode"], job["TimeLimit"]) for job in sorted(mine, key=lambda job: int(job["JobId"]))]
    assert asked[-1] == ("2000M", "00:20:00"), "the second try may take twice as much and twice as long"
    if story is not out_of_memory:  # Slurm asked it to stop before it killed: the running fold went on from its state
        kept = map(fold_zip.record, (project.folder / RUN).rglob("folds/*.zip"))
        assert max(record["resumed_at_epoch"] for record in kept) > 0


def test_a_node_that_disappears_costs_its_running_fold_only(cluster, local, accidents, tmp_path):
    for _, accident in accidents.values():
        accident.exception()  # the node is theirs too
    project = Submitted(local, tmp_path / "project")

    def strike(_job: dict[str, str]) -> None:
        cluster.script("crash")
        cluster.script("boot")

    check(local, project, suffer(project, cluster, strike))
    mine = [job for job in cluster.jobs() if job["WorkDir"] == str(project.folder)]
    assert [(job["JobState"], job["Restarts"]) for job in mine] == [("COMPLETED", "1")], "Slurm itself queued it again"
