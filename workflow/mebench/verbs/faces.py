"""Find the face of each clip: one detection on its onset frame, 68 landmarks, and contact sheets to look at.

Writes faces.csv, landmarks.npy (N, 68, 2), sheet-1.png and so on, and meta.json to FOLDER. A clip without a face is a
row with its reason. Landmarks of your own replace the detection for the clips in the file: a CSV with the header
clip_id,x0,y0,...,x67,y67, in pixels of the onset frame, points in dlib's order. Finished subjects are not done again.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    from mebench.clips.dataset_names import part_name

    parser.add_argument("dataset", type=part_name, metavar="DATASET", help="a dataset's name (`mebench datasets`)")
    parser.add_argument("--clips", type=Path, required=True, metavar="CLIPS.csv", help="what `mebench index` wrote")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR",
                        help="the dataset's folder, or the source.json of `mebench fetch`")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to write")
    parser.add_argument("--landmarks", type=Path, metavar="FILE", help="landmarks of your own for all or some clips")
    parser.add_argument("--crop", choices=("provided", "detected"),
                        help="whether the frames are crops already (default: as the dataset's card says)")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")


def main(args: argparse.Namespace) -> None:
    from mebench.acquisition.origin import data_origin, data_root
    from mebench.clips.card import dataset_card
    from mebench.clips.clip import read_clips
    from mebench.errors import UserError
    from mebench.faces import landmarks, make, store
    from mebench.faces.job import FacesJob
    from mebench.files import file_digest

    card = dataset_card(args.dataset)
    if card.delivers == "pictures":
        raise UserError(f"{args.dataset} delivers flow pictures, in which there are no faces to find")
    clips = read_clips(args.clips)
    if not clips:
        raise UserError(f"{args.clips} lists no clips; see report.md beside it for why rows were dropped")
    given = landmarks.read(args.landmarks, {clip.clip_id for clip in clips}) if args.landmarks else {}
    root = data_root(args.root)
    origin = data_origin(args.dataset, root)
    crop = args.crop or ("provided" if origin == "synthetic" else card.crop)
    file = file_digest(args.landmarks)[:16] if args.landmarks else ""
    job = FacesJob(args.dataset, card.title, origin, root, crop, given, file)
    faces = make.make(job, clips, args.out, args.jobs)
    for face in faces:
        if face.status != "ok":
            print(f"{args.dataset}: {face.clip_id}: {face.reason}")
    n = store.counts(faces)
    print(f"{args.dataset}: {n.clips} clips, {n.detected} faces detected, {n.file} from a file, {n.no_face} without a "
          f"face; {n.several} with several faces, {n.doubtful} to look at in {args.out}/sheet-1.png")  # fmt: skip
