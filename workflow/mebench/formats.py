"""The files that one stage hands to the next: their columns and keys, who writes them, and who reads them.

Writers and readers take names from here, so that each is stated once. A kind of task adds columns of its own to
predictions and scores; they are on its card (``tasks/recognition.py``). ``docs/files.md`` is made from both.
Light: nothing but the standard library is imported.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A column of a CSV file, or a key of a JSON file."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Format:
    """One kind of file: its ``path`` below results/, what it holds, the verb that writes it and the verbs that read it.
    ``more`` says which further columns or keys a file may have."""

    path: str
    holds: str
    writer: str
    readers: str
    fields: tuple[Field, ...]
    more: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in the order in which a CSV file has them."""
        return tuple(field.name for field in self.fields)


def _fields(*rows: tuple[str, str, str]) -> tuple[Field, ...]:
    return tuple(Field(*row) for row in rows)


CLIP_ID = ("clip_id", "text", "name of the clip: `<dataset>/<subject>/<clip>`")
DATASET = ("dataset", "name", "the dataset that the clip is of")
SUBJECT = ("subject", "text", "name of the subject: `<dataset>/<subject>`, so that it is unique over all datasets")
FINGERPRINT = ("fingerprint", "digest", "of all that decides the result")
DATA = ("data", "digest", "of clips, labels and input arrays")

# --- sources and clips -----------------------------------------------------------------------------------------------

CONFIGURATION = Format(
    "config.json", "the configuration with its defaults, resolved against cards", "resolve",
    "train, folds, adopt, score, scores, tables, plots, report",
    _fields(
        ("format", "text", "the version of this format"),
        ("settings", "mapping", "the keys of `config.yaml`, with their defaults"),
        ("tasks", "list", "the definition of each task"),
        ("entries", "list", "each model entry: `name`, `model`, `tasks`, options, inputs, recipe and resources"),
    ),
)  # fmt: skip

SOURCE = Format(
    "sources/<dataset>/source.json", "where the copy of a dataset lies", "fetch",
    "index, faces, inputs, doctor, report",
    _fields(
        ("dataset", "name", "the dataset"),
        ("kind", "text", "what was done: `synthetic`, `folder`, `archive`, `archives` or `url`"),
        ("origin", "text", "where the data come from: `synthetic`, `folder` or `archive`"),
        ("source", "text", "what the configuration names, without a password"),
        ("root", "path", "the folder to read"),
        ("digest", "digest", "of the files in it, or of the archives"),
        ("archives", "list", "of each archive `file`, `bytes` and `sha256`"),
    ),
)  # fmt: skip

CLIPS = Format(
    "datasets/<dataset>/clips.csv", "one row for each labelled clip", "index",
    "faces, inputs, train, folds, adopt, score, plots, report",
    _fields(
        CLIP_ID, DATASET, SUBJECT,
        ("video", "text", "name of the recording that the clip was cut from"),
        ("onset", "frame", "number of the first frame of the expression"),
        ("apex", "frame", "number of the frame of its peak"),
        ("offset", "frame", "number of its last frame; empty where it is not labelled"),
        ("apex_source", "text", "where the apex is from: `labelled`, `mid` (the middle), `flow_max`, `corrected`"),
        ("emotion", "text", "the label, in one spelling for all datasets"),
        ("objective", "text", "class I to VII by action units (Davison et al.), where it is annotated"),
        ("expression", "text", "`micro` or `macro`"),
        ("aus", "text", "action units, joined by `+`"),
        ("fps", "frames per second", "of the recording"),
        ("frames", "path", "folder of the frames, below the root of the dataset"),
        ("repairs", "text", "what the reader mended, joined by `;`"),
    ),
)  # fmt: skip

VIDEOS = Format(
    "datasets/<dataset>/videos.csv", "one row for each long video of a spotting set, with or without an expression",
    "index", "inputs, train, score, plots",
    _fields(
        ("video_id", "text", "name of the video"),
        DATASET, SUBJECT,
        ("video", "text", "its name in the release"),
        ("first", "frame", "number of the first frame on disk"),
        ("last", "frame", "number of the last frame on disk"),
        ("frames_on_disk", "whole number", "frames that are there"),
        ("gaps", "whole number", "frames that are missing between the first and the last"),
        ("fps", "frames per second", "of the video"),
        ("frames", "path", "folder of the frames, below the root of the dataset"),
    ),
)  # fmt: skip

EVENTS = Format(
    "sources/<dataset>/data/synthetic-events.csv", "what happens in generated long videos, labelled or not",
    "fetch", "plots",
    _fields(
        DATASET, SUBJECT,
        ("video", "text", "name of the video"),
        ("kind", "text", "`micro`, `macro`, `blink`, `nod` (or another turn of the head), `talk` or `light`"),
        ("first", "frame", "the first frame that shows it"),
        ("last", "frame", "the last one"),
    ),
)  # fmt: skip

DECISIONS = Format(
    "datasets/<dataset>/decisions.json", "what the configuration decided about single clips; empty where it did not",
    "index", "score, adopt",
    _fields(
        ("excluded", "mapping", "clip_id -> `reason` and `row` of a clip that is left out"),
        ("corrected", "mapping", "clip_id -> `reason`, `row` and `changes` (name -> old and new value)"),
        ("videos", "mapping", "video_id -> `reason` and `row` of a long video that is left out with its clips"),
    ),
)  # fmt: skip

# --- faces and inputs ------------------------------------------------------------------------------------------------

FACES = Format(
    "faces/<dataset>/faces.csv", "one row for each clip: the face in its onset frame. `landmarks.npy` has its "
    "landmarks (68, 2) in the same order", "faces", "inputs, plots, report",
    _fields(
        CLIP_ID,
        ("status", "text", "`ok` or `no_face`"),
        ("reason", "text", "why there is no face"),
        ("source", "text", "`detected`, or `file` where landmarks were given"),
        ("frame", "text", "size of the frame: `640x480`"),
        ("faces", "whole number", "faces in the frame; the largest is taken"),
        ("left", "pixels", "box of the face"), ("top", "pixels", ""), ("right", "pixels", ""), ("bottom", "pixels", ""),
        ("score", "number", "of the detector"),
        ("view", "text", "the view of the detector that answered"),
        ("enlarged", "whole number", "how many times the frame was enlarged before a face was found"),
        ("doubt", "text", "why a person should look at it; empty where nothing is odd"),
    ),
)  # fmt: skip

FACES_META = Format(
    "faces/<dataset>/meta.json", "how the faces were found; written last", "faces", "inputs, report",
    _fields(
        ("dataset", "name", "the dataset"),
        ("origin", "text", "`synthetic`, `pictures` or `licensed`"),
        ("crop", "text", "`provided` where frames are crops of faces already, else how faces are cropped"),
        ("landmarks", "digest", "of the owner's landmarks, its first 16 digits; empty where there are none"),
        ("settings", "mapping", "of the detector"),
        ("versions", "mapping", "of the detector, its predictor and the machine"),
        ("counts", "mapping", "`clips`, `detected`, `file`, `no_face`, `several`, `doubtful`"),
        ("sheets", "list", "names of the contact sheets"),
        ("digest", "digest", "of faces.csv and landmarks.npy"),
    ),
)  # fmt: skip

INDEX = Format(
    "inputs/<dataset>/<input>/index.csv", "one row for each clip: where its array lies, or why it has none", "inputs",
    "train, folds, adopt, score, plots, status, explain",
    _fields(
        ("clip_id", "text", "name of the clip, or of the long video"),
        ("status", "text", "`ok`, or what is missing in one word"),
        ("reason", "text", "why there is no array"),
        ("part", "name", "the array is in `parts/<part>.npy`"),
        ("start", "whole number", "its first element there"),
        ("shape", "text", "its axes: `3x28x28`"),
    ),
    "A kind of input adds whole numbers of its own, such as `apex_row` of frames and `windows` of roi_flow.",
)  # fmt: skip

INPUT_META = Format(
    "inputs/<dataset>/<input>/meta.json", "what the numbers of an input are; written last", "inputs",
    "train, folds, adopt, score, plots, report",
    _fields(
        ("kind", "name", "the kind of input"),
        ("name", "text", "kind, size and options in one name"),
        ("size", "pixels", "height and width"),
        ("options", "mapping", "of the kind of input"),
        ("channels", "list", "names of the channels, in their order"),
        ("scale", "text", "range of the numbers, such as `pixels` or `byte`"),
        ("origin", "text", "`synthetic`, `pictures` or `licensed`"),
        ("settings", "mapping", "of the method, such as the parameters of TV-L1"),
        ("parts", "mapping", "part -> digest of its array"),
        ("index", "digest", "of index.csv"),
        ("arrays", "mapping", "of each clip the digest of its array, its first 32 digits"),
        ("digest", "digest", "of all of it"),
        ("versions", "mapping", "of the packages that decide the numbers, and the instruction sets (`isa`) they used"),
    ),
)  # fmt: skip

QUALITY = Format(
    "inputs/<dataset>/<input>/quality.csv", "errors of computed flow where the true flow is known", "inputs", "people",
    _fields(
        CLIP_ID,
        ("mean_epe", "pixels", "mean endpoint error"),
        ("median_epe", "pixels", "median endpoint error"),
        ("p95_epe", "pixels", "95th percentile of the endpoint error"),
        ("mean_truth", "pixels", "mean length of the true flow"),
    ),
)  # fmt: skip

# --- runs ------------------------------------------------------------------------------------------------------------

RUN = "runs/<task>/<model>/seed<k>"
FOLD_NAME = ("fold", "text", "the subject that is left out")
SEED = ("seed", "whole number", "seed of the run")

SHARD = Format(
    "runs/<task>/<model>/shards/<i>-of-<n>.json", "the folds of one training job, of all seeds", "train", "Snakemake",
    _fields(
        ("shard", "text", "which shard of how many: `2-of-4`"),
        ("folds", "list", "names of its folds, each after that of its run: `seed0/casme2/sub01`"),
        ("failed", "list", "`seed`, `fold`, `status` and `message` of each that is not done"),
    ),
)  # fmt: skip

FOLD = Format(
    f"{RUN}/folds/<subject>.zip: fold.json", "how one fold went", "train", "score, report, status, failures, explain",
    _fields(
        FOLD_NAME,
        FINGERPRINT,
        ("status", "text", "`done`, `diverged`, `timeout`, `out_of_memory` or `failed`"),
        ("message", "text", "why it is not done; else empty"),
        ("seconds", "seconds", "that it took, those before a checkpoint included"),
        ("peak_memory_mb", "MiB", "most memory in use: of the GPU, or of the process on the CPU"),
        ("started", "time in UTC", "when training began"),
        ("finished", "time in UTC", "when it ended"),
        ("made_from", "mapping", "parts of the fingerprint: `fold`, `data`, `model`, `engine`, `weights`"),
        ("clips", "mapping", "how many samples `train` and `test`"),
        ("device", "text", "GPU or processor"),
        ("where", "mapping", "`node`, `cpu`, `gpu`, `driver`, `cuda`, `cudnn`, `scheduler`, `job`, `restarts`"),
        ("source", "mapping", "`commit` of the checkout, whether it was changed (`dirty`), digest of the `lock`"),
        ("threads", "whole number", "threads of the CPU"),
        ("isa", "mapping", "instruction sets of the CPU: the `choice` (`avx2` or `native`), the environment variables "
         "that it set (`limits`), what `torch` used, and what the `processor` has"),
        ("versions", "mapping", "of mebench, Python and the packages that can change bits"),
        ("spec", "mapping", "the spec of the run"),
        ("files", "mapping", "file -> digest of the other files of the fold"),
        ("parameters", "whole number", "of the model"),
        ("selected_epoch", "whole number", "the epoch that the predictions are of"),
        ("peeked_epoch", "whole number", "the best epoch on the test subject, with `test_peek`"),
        ("batch_parts", "whole number", "in how many parts a batch was computed"),
        ("weights", "mapping or null", "`source` and digest of the pretrained weights"),
        ("resumed_at_epoch", "whole number", "the epoch of the checkpoint that it went on from, else 0"),
    ),
    "A fold that is not done lacks the last six. A finished fold is one file: `predictions.csv`, `history.csv` and, "
    "where asked for, `weights.safetensors` lie in it beside `fold.json`: `unzip -p FOLD.zip fold.json` shows it. A "
    "folder with these files, as earlier versions wrote it, is read like such a file.",
)  # fmt: skip

FINAL = Format(
    f"{RUN}/final/training.json", "how the training on everyone went, where an entry has `final: true`; the header of "
    "`weights.safetensors` beside it holds the same under the key `mebench`", "final", "final, spot, recognise",
    _fields(
        ("format", "text", "the version of this format"),
        ("run", "text", "`<task>/<model>/seed<k>`"),
        ("fold", "text", "`everyone`"),
        FINGERPRINT,
        ("spec", "mapping", "the spec of the run, its `selection` `last`"),
        ("origin", "text", "`synthetic`, `pictures` or `licensed`"),
        ("datasets", "mapping", "dataset -> how many `subjects`, and `clips` or `recordings`"),
        ("subjects", "list", "their names"),
        ("inputs", "mapping", "dataset -> the name of its input"),
        ("labels", "mapping", "how many `expressions` of each class; of a task of spotting also `train_mean` and "
         "`train_median` of their lengths in positions"),
    ),
    "The other keys are those of fold.json. Nobody is tested, and `where` is empty.",
)  # fmt: skip

FINAL_CARD = Format(
    f"{RUN}/final/card.json", "what the weights of a training on everyone are, and how the same entry fared in the "
    "benchmark", "final", "spot, recognise",
    _fields(
        ("format", "text", "the version of this format"),
        ("weights", "digest", "of `weights.safetensors`"),
        ("run", "text", "`<task>/<model>/seed<k>`"),
        ("title", "text", "what people read of the entry"),
        ("model", "mapping", "`name`, `title`, `paper`, `licence`, `notes` and `deviations` of the model's card"),
        ("task", "mapping", "its `name`, `title` and `kind`"),
        ("classes", "list", "the classes of the task"),
        SEED,
        ("licences", "mapping", "dataset -> its licence, which is that of the weights too"),
        ("training", "mapping", "training.json"),
        ("decoding", "mapping or null", "of a task of spotting: `half_width` in positions, `threshold`, and all "
         "parameters of its `stage`"),
        ("benchmark", "mapping or null", "`metrics` of the same entry and seed over left-out subjects, `folds_done` of "
         "`folds_expected`, `n`, `origin`, `selection` and `conventions`; null where it is not scored"),
    ),
)  # fmt: skip

RUNNING = Format(
    f"{RUN}/folds/<subject>.running.json", "the lock of a fold: who trains it", "train", "train, status, failures",
    _fields(
        FOLD_NAME,
        ("epochs", "whole number", "epochs in all"),
        ("epoch", "whole number", "epochs so far"),
        ("loss", "number", "mean training loss of the last epoch"),
        ("job", "text or null", "the job of the scheduler"),
        ("threads", "whole number", "threads of the CPU"),
        ("token", "text", "of this holder alone"),
        ("node", "text", "name of the machine"),
        ("pid", "whole number", "the process"),
        ("begun", "text or null", "when the process began, in ticks since the machine did"),
        ("since", "unix time", "when the lock was taken"),
    ),
)  # fmt: skip

PREDICTIONS = Format(
    f"{RUN}/predictions.csv", "the predictions of all folds, the only source of every number; each fold has a file of "
    "its own, and `predictions.test_peek.csv` is of the same form", "train, score, adopt", "score, plots, report",
    _fields(CLIP_ID, DATASET, SUBJECT, FOLD_NAME, SEED),
    "A kind of task adds the columns below.",
)  # fmt: skip

HISTORY = Format(
    f"{RUN}/history.csv", "one row for each fold and epoch; the file of a fold lacks the column `fold`", "train, score",
    "score, plots",
    _fields(
        FOLD_NAME,
        ("epoch", "whole number", "the epoch, from 1"),
        ("train_loss", "number", "mean training loss, as seen while training"),
    ),
    "A kind of task adds the columns below; that of a selection is there where the run has that selection.",
)  # fmt: skip

RUN_RECORD = Format(
    f"{RUN}/run.json", "what a run was and how its folds went; written last", "score, adopt",
    "score, plots, report, status",
    _fields(
        ("task", "name", "the task"),
        ("task_title", "text", "what people read"),
        ("model", "name", "the entry of the configuration"),
        ("title", "text", "what people read"),
        ("kind", "text", "`model` or `control`"),
        SEED,
        ("selection", "text", "`last`, `inner`, `test_peek`, or `unknown` of predictions that somebody gave"),
        ("origin", "text", "`rehearsal`, `synthetic`, `pictures` or `licensed`; one synthetic part decides"),
        ("spec", "mapping", "the spec of the run"),
        ("clips", "whole number", "clips that were predicted"),
        ("rows", "whole number", "rows of predictions.csv"),
        ("folds_expected", "whole number", "folds of the run"),
        ("folds_done", "whole number", "folds that are done"),
        ("failed", "list", "`fold`, `status` and `message` of each that is not done"),
        ("without_input", "mapping", "clip_id -> why no input could be made of the clip"),
        ("excluded", "mapping", "clip_id -> why the configuration leaves the clip out"),
        ("corrected", "mapping", "clip_id -> what the configuration corrects, and why"),
        ("deviations", "list", "what differs from the counts that the task expects: `clips 297 instead of 442`"),
        ("split_batches", "mapping", "fold -> parts of a batch, where memory was short"),
        ("parameters", "whole number", "of the model"),
        ("seconds", "seconds or null", "of all folds together"),
        ("devices", "list", "GPUs and processors that took part"),
        ("isa", "list", "instruction sets that took part: `avx2`, `native`, or `unrecorded` of an earlier version"),
        ("versions", "mapping", "package -> the versions that took part"),
    ),
    "A model that is trained outside the engine has also `trained`, which names the file, and `form` where counts were "
    "given instead of predictions; a run of a merge has `origin_archive`, the archives that it is from. A kind of task "
    "may add keys; recognition adds `classes`.",
)  # fmt: skip

FOLD_SUMMARY = Format(
    f"{RUN}/folds.json", "what is counted of each fold, as it was pooled: a copy, which saves opening all", "score",
    "status, failures",
    _fields(
        ("made", "digest", "of all that the folds are made from but their names"),
        ("spec", "digest", "of the spec of the run"),
        ("folds", "list", "of each its file, the time (nanoseconds) and size of that, and of its fold.json `fold`, "
         "`fingerprint`, `status`, `message`, `seconds`, `peak_memory_mb`, `device`, `resumed_at_epoch`"),
    ),
)  # fmt: skip

FOLDS = Format(
    f"{RUN}/folds.csv", "what a model with a rule file is given: one row for each clip", "folds", "the rule file",
    _fields(
        CLIP_ID, DATASET,
        ("subject", "text", "the fold: a clip is predicted by what was trained on all other subjects"),
        ("label", "text", "the class"),
        ("file", "path", "the array of numbers, one-dimensional"),
        ("start", "whole number", "the first element of the clip there"),
        ("shape", "text", "axes of the clip's array: `3x28x28`"),
    ),
    "Then come the columns that the kind of input adds, and last `fingerprint`, which changes when spec, data or rule "
    "file do.",
)  # fmt: skip

GIVEN = Format(
    f"{RUN}/given.csv", "what a model with a rule file predicted: one row for each clip", "the rule file", "adopt",
    _fields(CLIP_ID, ("prediction", "text", "the predicted class")),
    "Optional: `p_<class>`, the probability of each class, from 0 to 1.",
)  # fmt: skip

# --- scores and what people read -------------------------------------------------------------------------------------

STAGE = Format(
    f"{RUN}/stage.json", "the parameters of the stage that follows pooling, where the kind of task has one: how its "
    "files beside it were made", "score", "plots", (), "The keys are those of `stage` of the card.",
)  # fmt: skip

SCORES = Format(
    "scores/<task>.csv", "one row for each run, selection and part; `<task>.json` beside it has also what its kind of "
    "task counts; `<task>/<model>.json`, which tables read, is that of one model", "score, scores", "tables, report",
    _fields(
        ("task", "name", "the task"),
        ("model", "name", "the entry of the configuration"),
        ("title", "text", "what people read"),
        ("kind", "text", "`model` or `control`"),
        SEED,
        ("selection", "text", "`last`, `inner`, `test_peek`, or `unknown` of predictions that somebody gave"),
        ("origin", "text", "`rehearsal`, `synthetic`, `pictures` or `licensed`"),
        ("part", "text", "`all`, or one dataset"),
        ("n", "whole number", "samples that were scored"),
        ("without_input", "whole number", "clips of the part of which no input could be made"),
        ("excluded", "whole number", "clips that the configuration leaves out"),
        ("exclusions", "text", "which, and why"),
        ("corrected", "whole number", "clips that the configuration corrects"),
        ("corrections", "text", "which, what and why"),
        ("folds_done", "whole number", "folds that are done"),
        ("folds_expected", "whole number", "folds of the run"),
        ("task_kind", "text", "the kind of task, whose metrics are the columns that follow"),
    ),
    "Then come the metrics of the kind of task; a metric that is not defined is empty. Where a run has other counts "
    "than its task expects, `deviations` says what differs; where the kind of task has a stage, `conventions` says "
    "what it did. `<task>/<model>.json` has also `audit`, the verdict on the run (`pass`, `fail`, `incomplete`), "
    "`audit_failed`, which checks failed, and beside the part `all` all `audit_checks`. In a merge `origin_archive` "
    "names the archives that the run is from; `form` says what was given instead of predictions.",
)  # fmt: skip

TABLE_STATISTICS = Format(
    "tables/<table>.statistics.json", "how sure the figures of a table are, and which of its rows can be told apart "
    "(docs/statistics.md); numbers have six decimals, and null is not known", "tables", "report",
    _fields(
        ("table", "name", "the table"),
        ("task", "name", "the task that it shows"),
        ("metric", "name", "that of ranks, letters and differences"),
        ("level", "share", "of the intervals"),
        ("resamples", "whole number", "how often subjects were drawn"),
        ("unit", "text", "what was drawn: `subject`"),
        ("region", "number", "a difference up to this one does not matter"),
        ("figures", "list", "of each row, `part` and `metric`: `model`, `selection`, `task`, `value` (the mean over "
         "`seeds`), its interval `low` to `high`, and the standard deviations `spread_subjects` and `spread_seeds`"),
        ("families", "list", "of each `task` and `part`: the `names` of what is compared by `metric`, the best first "
         "(MODEL, or MODEL::SELECTION), their `letters`, a `warning`, and all `pairs`: `a`, `b`, `difference`, `low`, "
         "`high`, `p_permutation`, `p_holm`, `p_mcnemar`, `probability_a_better`"),
        ("inflation", "list", "of each peeked row, `task`, `part` and `metric`: its `difference` to the honest row of "
         "its `model`, `low`, `high`"),
        ("power", "list", "of each number of `seeds`: the smallest `difference` that is found with a power of 80 % "
         "(`low` to `high` over pairs of `models`), on a `part` of a `task`"),
        ("without", "list", "rows without letters or intervals: `model`, `selection`, and the `reason`"),
    ),
)  # fmt: skip

TABLE_FIGURES = Format(
    "tables/<table>.figures.csv", "every figure of the measured rows, those that the table does not show included",
    "tables", "people",
    _fields(
        ("model", "name", "the entry of the configuration"),
        ("selection", "text", "`last`, `inner`, `test_peek`, or `unknown` of predictions that somebody gave"),
        ("task", "name", "the task"),
        ("part", "text", "`all`, or one dataset"),
        ("metric", "name", "`uf1`, `weighted_f1`, `recall:CLASS` ..."),
        ("value", "number", "the mean over seeds"),
        ("low", "number", "lower end of the interval over subjects"),
        ("high", "number", "upper end"),
        ("spread_subjects", "number", "standard deviation over subjects that are drawn"),
        ("spread_seeds", "number", "standard deviation over seeds"),
        ("seeds", "whole number", "how many"),
    ),
)  # fmt: skip

TABLE_DIFFERENCES = Format(
    "tables/<table>.differences.csv", "every pair of models that a table compares (docs/statistics.md)", "tables",
    "people",
    _fields(
        ("task", "name", "the task"),
        ("part", "text", "`all`, or one dataset"),
        ("metric", "name", "what is compared"),
        ("a", "name", "the better model"),
        ("b", "name", "the other one"),
        ("difference", "number", "a - b"),
        ("low", "number", "lower end of its interval over subjects"),
        ("high", "number", "upper end"),
        ("p_permutation", "number", "of the permutation of subjects"),
        ("p_holm", "number", "the same after Holm's correction over all pairs of the part"),
        ("p_mcnemar", "number", "of the accuracy of clips, where both have one seed"),
        ("probability_a_better", "share", "of resamples in which a - b is above 0.02"),
    ),
)  # fmt: skip

AUDIT = Format(
    "audit/<task>.json", "whether each run of a task can be believed (docs/audit.md)", "scores", "report",
    _fields(
        ("model", "name", "the entry of the configuration"),
        ("title", "text", "what people read"),
        SEED,
        ("selection", "text", "`last`, `inner`, `test_peek`, or `unknown` of predictions that somebody gave"),
        ("verdict", "text", "`pass`, `fail` or `incomplete`"),
        ("checks", "list", "of each check `name`, `verdict` (`pass`, `fail` or `not checked`) and `detail`"),
    ),
    "The file is a list with such an entry for each run and selection.",
)  # fmt: skip

PROVENANCE = Format(
    "provenance.json", "what the results were made with; without times, paths and names of users", "report", "people",
    _fields(
        ("config", "mapping or null", "the resolved configuration"),
        ("config_digest", "digest or null", "of it"),
        ("source", "mapping", "`commit` of the checkout, whether it was changed (`dirty`), digest of the `lock`"),
        ("versions", "mapping", "of Python, mebench and the packages that decide its numbers"),
        ("datasets", "mapping", "dataset -> digest of `clips.csv`"),
        ("inputs", "mapping", "`<dataset>/<input>` -> digest of its arrays"),
        ("runs", "list", "of each run: counts, versions, machines, commits, and the digests of its predictions"),
    ),
    "In a merge `archives` has of each archive `name`, `sha256`, `mebench` and `provenance` without its runs, and each "
    "run its `origin_archive`.",
)  # fmt: skip

ARCHIVE = Format(
    "<archive>.zip: mebench-archive.json", "what an archive says of itself; `ro-crate-metadata.json` beside it has "
    "size and SHA-256 of each member", "archive", "restore, merge",
    _fields(
        ("format", "text", "the version of this format"),
        ("name", "text", "whose results these are"),
        ("mebench", "text", "the version that packed them"),
        ("labels", "truth value", "whether predictions are there, which tell labels"),
        ("complete", "truth value", "whether every run of the configuration is there with all its folds"),
        ("absent", "list", "`task`, `model`, `title`, `kind`, `seed` and `reason` of each run that is not there"),
        ("unfinished", "list", "the runs that lack folds"),
    ),
    "Below it lie `config.json`, `provenance.json`, `runs/`, `scores/` and `tables/`, as in a folder of results, and "
    "`shown/`, what the report says of each dataset.",
)  # fmt: skip

ALL = (
    CONFIGURATION, SOURCE, CLIPS, VIDEOS, EVENTS, DECISIONS, FACES, FACES_META, INDEX, INPUT_META, QUALITY, SHARD, FOLD,
    FINAL, FINAL_CARD, RUNNING, PREDICTIONS, HISTORY, RUN_RECORD, FOLD_SUMMARY, FOLDS, GIVEN, STAGE, SCORES, AUDIT,
    TABLE_STATISTICS, TABLE_FIGURES, TABLE_DIFFERENCES, PROVENANCE, ARCHIVE,
)  # fmt: skip
