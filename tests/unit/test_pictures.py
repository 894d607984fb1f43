"""One place decodes every picture: to what a viewer shows, or to a sentence that names the file. All uses take it."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from pathlib import Path

import cv2
import image_files as files
import numpy as np
import pytest
from bad import fails
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from mebench import cli
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.doctor import frames as doctor_frames
from mebench.errors import UserError
from mebench.faces import make, sheet
from mebench.faces.store import Face
from mebench.indexing import apex
from mebench.inputs import build
from mebench.inputs.pictures import read_picture
from mebench.media import clip_reader, decoding
from mebench.media.pictures import decode, pictures

PACKAGE = Path(decoding.__file__).parents[1]

# --- pictures of 8 bits give the bytes that they always gave ----------------------------------------------------------

# JPEG files of 11 x 9 pixels, zlib in base 85, with SHA-256 of their shape and bytes as Pillow 13.0 gives them: as they
# are, and in grey
JPEGS = {
    "grey.jpg": (
        "2c4050d0edd5ebd8",
        "2c4050d0edd5ebd8",
        "c-s4a<NpH&0WUXCHwH#V1_nkTWcYuZ!I^=TnT3UgnH5N|va+(V^Kh^O0Y5i4CyyY%kdPq1prEjrjJU9fl&GMfgrbC$tgO7eys)^E"
        "ijtg)jGVmO{{sx%91NTc+>DHZ4F8WX$O8>$Wds8TC}3n_W&s+_!O6u9RIpWmfr*isnF(kq&{m*qEl{3;MUYiU(a@1iI53f2sZhkI"
        "apFP_Wv7h?MT0JWP%%y_YU1P)6PJ*bQdLve(9|+9H8Z!cv~qTFb#wRd^a>6M4GWKmj7m;PO-s+n%qlJ^Ei136tZHs)ZENr7?3y%r"
        "%G7DoXUv?nXz`Mz%a*TLxoXqqEnBy3-?4Mop~FXx9y@;G<f%)SuUx%${l?8(4<9{#^7PsB7cXCZ{Pg+D*Kgl{{QUL*76S*!KlTid"
        "|M66q|8;-2*E;;lFaPHHN73x>_P1Z!GylQyKO6pNKexXv{Ljz$$bW`+H|t-Di2lC`06Ug~5&",
    ),
    "colour.jpg": (
        "8fe5363813bed5e2",
        "dd44bc2f5e2bd246",
        "c-s4a<NpH&0WUXCHwH#V1_nkTWcYuZ!I^=TnT3UgnH5N|va+(V^Kh^O0Y5i4CyyY%kdPq1prEjrjJU9fl&GMfgrbC$tgO7eys)^E"
        "ijtg)jGVk2$Ph-LR(3XaJ`N5(IT1k-Ig-Ku0}O&344e$y%#2D5OoEKef{g!<FvtVl$;t=@3{b$x#LNP8B?l)LH&DS=0R|>UW@aX!"
        "`+*(+%GLtq8CV2ag%k}P*@OcV*_8@Kj2b5{<WP3ncu+Lx;s+Juq@pHHE-`TlNhwt|bq!4|6H_yD3rj0!7gslT4^OY)kkGL3h{&kq"
        "l+?8JjLfX!lG3vBipr|yme#iRj?S)0lc!9bHhsp-S&J4gS-Ncbij}K2ZQinV+x8thcO5!><mj>ECr+Nabot8FYu9hwy!G(W<0ns_"
        "J%91?)yGetzkL1n{m0K=Ab&A3Ff+mcR(}Zs{lx@~78Z7pzZjXyK?(#}SQQP~gd79e6AOivj2byaoF*>Zc#u=sIOv0DQqe^&F%^@C"
        "svkjK1N)3Pk2R6yGq}eP{<_7$!^{YbJZ3=#dxp>Z*=zJao7FG=H}#d+e9q#W_BVI;?~bi+w0}DPVch=I{|s^y|7t%sidb`Ox^3>s"
        "2lGtNB(`p<<^O*Z0Fa>KPy",
    ),
    "progressive.jpg": (
        "8fe5363813bed5e2",
        "dd44bc2f5e2bd246",
        "c-obay-EW?5P)ZPZ|^Q7Bs<CF$B^8SBcNa*SlS#x4JwETg708&9T6d=Soi?i<OS@kB4Q(U78)BxJ0D`5JxDNT<t!}h@XgFOYhKJd"
        "=$-y{9}oeM512Pt2PGZHk%}*+l<O6IkE4{&=L%FRm#IWlskQ2rpjjnqbQ;ZeJBp%8J?_R~w-rXAZGv3txn9xti(x=P`0p@xKtALk"
        "FEIu|C<)CyR8!U8;VPTPY#NoBKtUo1Ej2&au5WWACYu_BkaMVT6veBI``iST7#?069iJ{HOg9KJFesEx%1Xopx4t(H1`I9`SI&0@"
        "bSOwkVac<J`((+Q{_8p&?k3`K>71du2AP3$XFOF*Iw!lsmFa$91@*G6B7}Kc1nSLX^{BXK1t<eC)|+|i&Cm3gFuM=Z{?+(nrl7wr"
        "M>o$81M~U=%d%Q?",
    ),
}


def sha(pixels):
    return hashlib.sha256(str(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("name", JPEGS)
def test_jpegs_give_the_bytes_that_they_always_gave(tmp_path, name):
    as_it_is, grey, data = JPEGS[name]
    path = tmp_path / name
    path.write_bytes(zlib.decompress(base64.b85decode(data)))
    assert (sha(decode(path)), sha(decode(path, grey=True))) == (as_it_is, grey)


@pytest.mark.parametrize(
    ("suffix", "options"), [("png", {}), ("bmp", {}), ("tif", {}), ("tif", {"compression": "lzw"})]
)
@settings(max_examples=25, deadline=None)
@given(pixels=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))))
def test_lossless_pictures_give_their_own_bytes(tmp_path_factory, suffix, options, pixels):
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    path = tmp_path_factory.mktemp("p") / f"x.{suffix}"
    kind = {"tif": "TIFF"}.get(suffix, suffix.upper())
    path.write_bytes(files.pillow(pixels, kind, **{k: f"tiff_{v}" for k, v in options.items()}))
    assert np.array_equal(decode(path), pixels)
    grey = pixels if pixels.ndim == 2 else (pixels.astype(int) @ [19595, 38470, 7471] + 0x8000) >> 16
    assert np.array_equal(decode(path, grey=True), grey)  # ITU-R 601-2, as Pillow rounds it
    assert clip_reader.frame_digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@settings(max_examples=60, deadline=None)
@given(
    pixels=arrays(np.uint8, st.tuples(st.integers(1, 7), st.integers(1, 7), st.sampled_from([1, 3]))),
    orientation=st.integers(1, 8),
    bits=st.sampled_from([8, 16]),
)
def test_any_depth_and_orientation_give_the_picture_that_was_stored(tmp_path_factory, pixels, orientation, bits):
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    stored = files.UPRIGHT[orientation](pixels)
    values = files.wide(stored) if bits == 16 else stored
    data = files.opencv(values, ".png")
    if orientation > 1:
        record = files.exif(orientation).tobytes()[6:]
        part = b"eXIf" + record
        data = data[:33] + len(record).to_bytes(4, "big") + part + zlib.crc32(part).to_bytes(4, "big") + data[33:]
    path = tmp_path_factory.mktemp("p") / "x.png"
    path.write_bytes(data)
    assert np.array_equal(decode(path), pixels)


@settings(max_examples=40, deadline=None)
@given(values=arrays(np.uint16, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_sixteen_bits_are_divided_by_257_in_grey_and_in_colour(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("p") / "x.png"
    right = np.rint(values / 257).astype(np.uint8)
    for data in (files.pillow(values), files.opencv(files.colour(values), ".png"), files.opencv(values, ".tif")):
        path.write_bytes(data)
        assert np.array_equal(decode(path, grey=True), right)
        assert decoding.read(path).brightest == values.max()


@pytest.mark.parametrize("kind", files.SAME)
def test_only_pictures_whose_decoding_is_a_choice_carry_the_version_of_the_decoder(tmp_path, kind):
    path = tmp_path / "x.png"
    path.write_bytes(files.SAME[kind](grey_picture()))
    # what an older version of the decoder made of these stays valid
    plain = ("png 8", "tif 8 lzw", "tif 8, white is 0", "pgm 8", "bmp", "webp", "gif", "palette")
    assert ("-" in clip_reader.frame_digest(path)) == (kind not in plain)


def test_what_is_transparent_shows_white_paper(tmp_path):
    path, picture = tmp_path / "x.png", grey_picture()
    half = np.full(picture.shape, 128, np.uint8)
    path.write_bytes(files.pillow(files.with_alpha(picture, half)))
    right = np.rint((picture.astype(float) * 128 + 255 * 127) / 255)
    assert np.abs(decode(path, grey=True) - right).max() <= 1
    one, two = (files.garbled(picture, seed) for seed in (1, 2))
    shown = []
    for hidden, alpha in (one, two):
        for data in (
            files.pillow(files.with_alpha(hidden, alpha)),
            files.pillow(np.dstack([hidden, alpha]), mode="LA"),
        ):
            path.write_bytes(data)
            shown.append(decode(path, grey=True))
    assert all(np.array_equal(one, shown[0]) for one in shown)
    assert (shown[0][:20, :20] == 255).all()


def test_cmyk_and_ycbcr_are_shown_in_their_colours(tmp_path):
    path = tmp_path / "x.jpg"
    picture = np.dstack([grey_picture(), np.roll(grey_picture(), 9, 1), 255 - grey_picture()])
    smooth = cv2.GaussianBlur(picture, (0, 0), 3)
    for kind, mode in (("JPEG", "CMYK"), ("TIFF", "CMYK"), ("TIFF", "YCbCr")):
        path.write_bytes(files.encoded(Image.fromarray(smooth).convert(mode), kind))
        (shown,) = pictures([path])
        assert np.abs(shown.astype(int) - smooth).mean() < 4


def test_a_jpeg_without_its_last_two_bytes_is_whole(tmp_path):
    path = tmp_path / "x.jpg"
    data = files.pillow(grey_picture(), "JPEG")
    path.write_bytes(data)
    whole = decode(path)
    path.write_bytes(data + b"camera's own notes" + bytes(40))
    assert np.array_equal(decode(path), whole)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(sorted(files.SAME)), at=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255),
       share=st.floats(0, 1))  # fmt: skip
def test_a_damaged_file_is_a_picture_or_a_sentence(tmp_path_factory, kind, at, byte, share):
    data = bytearray(files.SAME[kind](grey_picture()))
    data[int(at * len(data))] = byte
    path = tmp_path_factory.mktemp("p") / "frame.png"
    path.write_bytes(files.cut(bytes(data), 0.2 + share))
    sentence = ""
    try:
        decode(path, grey=True)
    except UserError as error:
        sentence = str(error)
    assert not sentence or str(path) in sentence


# --- every kind of picture, for everything that reads pictures --------------------------------------------------------


SIDE = 112


def grey_picture(step=0):
    """A face of 112 x 112 pixels, a little further to the right with each ``step``."""
    from skimage import data

    face = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)[20:250, 110:340]
    small = cv2.resize(face, (SIDE + 8, SIDE + 8), interpolation=cv2.INTER_AREA)
    moved = cv2.warpAffine(small, np.float32([[1, 0, -step * 0.7], [0, 1, 0]]), small.shape[::-1])
    picture = moved[4:-4, 2:-6]
    return np.where(picture == 7, 8, picture)


CLIP = Clip("casme2/sub01/EP02_01f", "casme2", "casme2/sub01", "EP02", 1, 3, 5, "labelled", fps=30, frames="clip")


def make_clip(root, write, bad=None):
    """The clip's frames as ``write`` stores them, or only the frame ``bad`` so and the others as PNG of 8 bits."""
    clip_reader.clip_frames.cache_clear()
    clip_reader._frame_digest.cache_clear()
    (root / "clip").mkdir(parents=True, exist_ok=True)
    for step in range(5):
        own = write if bad in (None, step + 1) else files.pillow
        (root / "clip" / f"img{step + 1}.png").write_bytes(own(grey_picture(step)))
    return root


def from_input(name):
    def use(root):
        spec = input_names.parse(name)
        maker = build.InputJob(spec, root, "licensed").maker()
        maker.made_from(CLIP)
        return maker.make(CLIP).array

    return use


def from_faces(root):
    face, landmarks = make._face(CLIP, make.onset_frame(root, CLIP), None)
    assert face.detection is not None
    return landmarks


def from_sheet(root):
    face = Face(CLIP.clip_id, "ok", f"{SIDE}x{SIDE}", "file")
    tile = sheet.Tile(face, np.full((68, 2), 40.0), make.onset_frame(root, CLIP), "label")
    return sheet._seen(tile, "provided")[0]


def from_doctor(root):
    reason = doctor_frames._reason((CLIP, root / "clip", True, False))
    if reason:
        raise UserError(reason)
    return np.array([0])


def from_flow_pictures(root):
    path = root / "clip" / "img1.png"
    if decode(path).ndim == 3:
        return read_picture(path, SIDE)[0]
    with pytest.raises(UserError, match="no three channels"):
        read_picture(path, SIDE)
    return decode(path)


def from_doctor_on_pictures(root):
    reason = doctor_frames._damage(root / "clip" / "img1.png")
    if reason:
        raise UserError(reason)
    return np.array([0])


USES = {
    **{kind: from_input(kind) for kind in input_names.FLOWS},
    "long_flow": from_input("long_flow-28"),
    "frames": from_input("frames-48"),
    "texture_motion": from_input("texture_motion-48"),
    "lbp_top": from_input("lbp_top-42"),
    "roi_flow": from_input("roi_flow-10"),
    "pair_flow": from_input("pair_flow-42.dis"),
    "mdmd_feature": from_input("mdmd_feature-96"),
    "faces": from_faces,
    "contact sheet": from_sheet,
    "index --apex flow_max": lambda root: np.array([apex._apex(root, CLIP)]),
    "doctor --frames": from_doctor,
    "doctor --frames, pictures": from_doctor_on_pictures,
    "flow pictures": from_flow_pictures,
}
MADE_OF_ANOTHER = {"apex_flow"}  # kinds of input that read no picture
# which frame of the clip a use reads, where it does not read all
FIRST = ("pair_flow", "faces", "contact sheet", "doctor --frames, pictures", "flow pictures")


READERS = re.compile(r"mebench\.media(\.(pictures|decoding)|) import .*\b(decode|decoding|depth|pictures|read)\b")


def test_nothing_that_reads_pictures_is_left_out():
    assert {use for use in USES if use in input_names.KINDS} | MADE_OF_ANOTHER == set(input_names.KINDS)
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if READERS.search(path.read_text(encoding="utf-8"))
    }
    assert readers == {
        "audit/reading.py", "doctor/frames.py", "faces/make.py", "faces/sheet.py", "indexing/apex.py",
        "indexing/checks.py", "footage/made.py", "inputs/flow.py", "inputs/frames.py", "inputs/lbp_top.py",
        "inputs/long_flow.py", "inputs/pictures.py", "inputs/roi_flow.py", "inputs/texture_motion.py",
        "media/clip_reader.py",
        "media/depth.py", "media/pictures.py",
    }  # fmt: skip


def test_no_other_module_decodes_pictures():
    decoders = re.compile(r"imread\(|imdecode\(|Image\.open\(|VideoCapture\(|plt\.imread")
    others = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if decoders.search(path.read_text(encoding="utf-8"))
    }
    # the report shows contact sheets and plots, which it wrote itself; videos become pictures
    assert others == {"media/decoding.py", "media/videos.py", "report/faces.py", "report/pictures.py"}


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """What each use makes of the pictures in PNG of 8 bits."""
    root = make_clip(tmp_path_factory.mktemp("right"), files.pillow)
    return {name: use(root) for name, use in USES.items()}


@pytest.mark.parametrize("use", USES)
def test_every_use_takes_every_kind_of_picture_for_what_a_viewer_shows(tmp_path, right, use):
    wrong = []
    for kind, write in files.SAME.items():
        got = USES[use](make_clip(tmp_path / kind.replace(" ", "-"), write))
        if not np.array_equal(got, right[use], equal_nan=True):
            wrong.append(kind)
    assert not wrong


@pytest.mark.parametrize("use", USES)
def test_every_use_names_the_file_of_every_kind_that_it_refuses(tmp_path, use):
    bad = 1 if use in FIRST else 3
    for kind, write in files.REFUSED.items():
        root = make_clip(tmp_path / kind.replace(" ", "-"), write, bad)
        with pytest.raises(UserError, match=f"img{bad}.png"):
            USES[use](root)


# --- depth that is in doubt -------------------------------------------------------------------------------------------

IN_DOUBT = {
    "12 bits in 16": lambda a: files.pillow(a.astype(np.uint16) * 16),
    "12 bits in 16, colour": lambda a: files.opencv(files.colour(a.astype(np.uint16) * 16), ".png"),
    "12 bits in 16, tif": lambda a: files.pillow(a.astype(np.uint16) * 16, "TIFF"),
    "10 bits in 16": lambda a: files.pillow(a.astype(np.uint16) * 4),
    "1 bit": lambda a: files.pillow(a, mode="1"),
    "1 bit, tif": lambda a: files.pillow(a, "TIFF", mode="1"),
    "1 bit, bmp": lambda a: files.pillow(a, "BMP", mode="1"),
    "2 colours": lambda a: files.encoded(Image.fromarray(a).convert("1").convert("P", colors=2), "PNG", bits=1),
}


@pytest.mark.parametrize("kind", IN_DOUBT)
def test_depth_in_doubt_stops_index_and_doctor_unless_it_is_accepted(capsys, casme2, tmp_path, kind):
    clip = next(path for path in sorted((casme2 / "Cropped" / "Cropped" / "sub01").iterdir()))
    for path in clip.iterdir():
        grey = decode(path, grey=True)
        path.write_bytes(IN_DOUBT[kind](grey))
    out = tmp_path / "out" / "clips.csv"
    word = "1 bit" if kind.startswith(("1 bit", "2 colours")) else "12 bits"
    words = ["index", "casme2", "--root", casme2, "--out", out]
    fails(capsys, *words, says=["the depth of 1 clip is in doubt", clip.name, word, "accept: [depth]"])
    assert not out.exists()
    config = tmp_path / "config.yaml"
    config.write_text(f"datasets: {{casme2: {{source: {casme2}}}}}\n", encoding="utf-8")
    assert cli.main(["doctor", "--config", str(config)]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert word in shown
    assert "accept: [depth]" in shown
    assert cli.main([*map(str, words), "--accept", "depth"]) == 0
    assert "Accepted deviation (depth)**: the depth of 1 clip is in doubt" in out.with_name("report.md").read_text()
    config.write_text(f"datasets: {{casme2: {{source: {casme2}, accept: [depth]}}}}\n", encoding="utf-8")
    assert cli.main(["doctor", "--frames", "--config", str(config)]) in (0, 1)
    assert "its frames are of" not in capsys.readouterr().out.partition("Bad clips")[2]


def test_dark_frames_beside_bright_ones_are_16_bits(tmp_path):
    dark = make_clip(tmp_path, lambda a: files.pillow(a.astype(np.uint16) * 16))
    assert "12 bits" in doctor_frames._reason((CLIP, dark / "clip", False, False))
    (dark / "clip" / "img2.png").write_bytes(files.pillow(files.wide(grey_picture(1))))
    assert not doctor_frames._reason((CLIP, dark / "clip", False, False))
