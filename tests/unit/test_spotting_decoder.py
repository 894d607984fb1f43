"""From scores to intervals: smoothing, threshold, peaks, lengths and emotions, each beside a plain calculation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import find_peaks

from mebench.metrics.intervals import Interval
from mebench.spotting.curve import peaks, smooth, threshold
from mebench.spotting.decoder import Decoder, Track, decode
from mebench.spotting.emotion import Synergy, frame_classes, interval_class
from mebench.spotting.variable import Span, span, suppress

FEW = settings(max_examples=60, deadline=None)
SCORES = st.lists(st.integers(0, 8).map(lambda value: value / 8), min_size=1, max_size=60)


def bump(length: int, *middles: int, width: int = 4) -> np.ndarray:
    """Zeros with a triangle at each of ``middles``."""
    frames = np.arange(length)
    return sum(np.clip(width - np.abs(frames - middle), 0, None) for middle in middles) / width


@FEW
@given(SCORES, st.integers(1, 9))
def test_smoothing_is_the_mean_of_the_rows_from_k_before_to_k_minus_1_after(scores, k):
    n, scores = len(scores), np.array(scores)
    zero = [sum(scores[j] for j in range(i - k, i + k) if 0 <= j < n) / (2 * k) for i in range(n)]
    found = smooth(scores, k, "zero")
    assert found.first == 0
    assert found.values == pytest.approx(zero)
    valid = smooth(scores, k, "valid")
    inside = [i for i in range(n) if i - k >= 0 and i + k - 1 < n]  # frames k+1 .. n-k+1, counted from 1
    assert list(range(valid.first, valid.first + len(valid.values))) == inside or not len(valid.values)
    assert len(valid.values) == len(inside)
    assert valid.values == pytest.approx([zero[i] for i in inside])


def test_equal_boxes_are_equal_bits():
    """A constant that no float holds exactly: no rounding makes a peak of it."""
    values = smooth(np.full(50, 0.1), 7, "zero").values
    assert len(set(values[7:43])) == 1


def test_the_threshold_lies_between_mean_and_maximum():
    values = np.array([0.0, 1.0, 2.0, 5.0])
    assert [threshold(values, p) for p in (0, 0.5, 1)] == [2, 3.5, 5]


@FEW
@given(SCORES, st.integers(1, 12), st.floats(0, 1))
def test_peaks_are_those_of_scipy(scores, distance, height):
    """Without equal heights, of which scipy keeps any."""
    values = np.array(scores) + np.arange(len(scores)) % 2 * 1e-3 * np.arange(len(scores))
    expected = find_peaks(values, height=height, distance=distance)[0]
    heights = values[find_peaks(values, height=height)[0]]
    if len(set(heights)) == len(heights):
        assert list(peaks(values, height, distance)) == list(expected)


@FEW
@given(SCORES, st.floats(0, 1))
def test_plateaus_give_their_middle_as_in_scipy(scores, height):
    assert list(peaks(np.array(scores), height, 1)) == list(find_peaks(scores, height=height)[0])


def test_of_two_equal_peaks_the_later_stays_as_in_scipy():
    values = np.array([0, 1, 0, 1, 0, 0, 0, 0.0])
    assert list(peaks(values, 0.5, 3)) == list(find_peaks(values, height=0.5, distance=3)[0]) == [3]


def test_an_interval_is_half_a_width_on_each_side_of_the_peak_and_is_not_clipped():
    """A bump that fits into the box makes a plateau of the curve, whose middle is the peak."""
    track = Track(1, 1, bump(60, 20))
    assert decode(track, Decoder(5, 0.55)) == [Interval(16, 26)]
    assert decode(Track(1, 1, bump(60, 3)), Decoder(5, 0.55)) == [Interval(-1, 9)]
    assert decode(Track(1, 1, bump(60, 3)), Decoder(5, 0.55, clip=True)) == [Interval(1, 9)]
    assert decode(Track(1, 1, bump(60, 56)), Decoder(5, 0.55)) == [Interval(52, 62)]
    assert decode(Track(1, 1, bump(60, 56)), Decoder(5, 0.55, clip=True)) == [Interval(52, 60)]


def test_half_a_width_counts_rows_and_frames_are_rows_times_the_step():
    """SAMM at every 7th frame: row p is frame 7p + 1."""
    rows = decode(Track(0, 1, bump(60, 20)), Decoder(5, 0.55))
    assert decode(Track(1, 7, bump(60, 20)), Decoder(5, 0.55)) == [
        Interval(7 * one.onset + 1, 7 * one.offset + 1) for one in rows
    ]


def test_edges_decide_about_a_peak_whose_box_reaches_over_the_end():
    scores = bump(60, 2)
    assert len(decode(Track(0, 1, scores), Decoder(5, 0.55, edges="zero"))) == 1
    assert decode(Track(0, 1, scores), Decoder(5, 0.55, edges="valid")) == []


def test_a_video_without_a_peak_predicts_nothing_or_its_first_frame():
    flat = np.zeros(60)
    for edges in ("zero", "valid"):
        assert decode(Track(3, 1, flat), Decoder(5, 0.55, edges=edges)) == []
        assert decode(Track(3, 1, flat), Decoder(5, 0.55, edges=edges, empty="first_frame")) == [Interval(3, 3)]


@pytest.mark.parametrize("length", [1, 2, 3, 9, 10, 11])
@pytest.mark.parametrize("edges", ["zero", "valid"])
@pytest.mark.parametrize("lengths", ["fixed", "variable"])
def test_videos_as_short_as_a_box_are_decoded(length, edges, lengths):
    found = decode(Track(0, 1, bump(length, 1)), Decoder(5, 0.55, edges=edges, lengths=lengths))
    assert len(found) <= 1


def test_peaks_are_as_far_apart_as_the_distance():
    scores = bump(60, 20, 28)
    assert len(decode(Track(0, 1, scores), Decoder(2, 0.3))) == 2
    assert len(decode(Track(0, 1, scores), Decoder(2, 0.3, distance=20))) == 1


@FEW
@given(SCORES, st.integers(1, 6), st.integers(0, 10))
def test_a_higher_threshold_keeps_some_of_the_candidates(scores, k, tenths):
    low, high = (
        {one.peak for one in Decoder(k, share, distance=1).spans(np.array(scores))} for share in (0, tenths / 10)
    )
    assert high <= low


# --- lengths of their own --------------------------------------------------------------------------------------------


def plain_span(scores, peak, k) -> tuple[int, int]:
    """The same as a loop over both sides, after the description of BoostingVRME's decoding."""
    n, mean = len(scores), scores.mean()
    left, right = max(0, peak - k), min(n - 1, peak + k)
    start, end = left, right
    for i in range(left + 1, peak):
        if scores[i] > scores[i - 1] and scores[i] > mean / 1.5:
            start = i - 1
            break
    for i in range(right - 1, peak, -1):
        if scores[i] > scores[i + 1] and scores[i] > mean / 1.5:
            end = i + 1
            break
    for i in range(start - 1, max(0, peak - 5 * k) - 1, -1):
        if i > 0 and scores[i] < mean and scores[i - 1] < mean:
            start = i + 1
            break
    for i in range(end + 1, min(n - 1, peak + 5 * k) + 1):
        if i < n - 1 and scores[i] < mean and scores[i + 1] < mean:
            end = i - 1
            break
    return start, end


@FEW
@given(SCORES, st.integers(1, 8), st.data())
def test_a_span_is_that_of_the_plain_loop(scores, k, data):
    peak = data.draw(st.integers(0, len(scores) - 1))
    scores = np.array(scores)
    found = span(scores, peak, k)
    assert (found.start, found.end) == plain_span(scores, peak, k)
    assert found.start <= found.peak <= found.end
    assert scores[found.peak] == scores[found.start : found.end + 1].max()


def test_a_span_follows_the_length_of_what_is_high():
    scores = np.zeros(100)
    scores[40:60] = 1
    found = Decoder(4, 0.55, lengths="variable").spans(scores)
    assert [(one.start, one.end) for one in found] == [(40, 59)]
    fixed = Decoder(4, 0.55).spans(scores)
    assert [one.end - one.start for one in fixed] == [8]


def test_spans_that_overlap_or_peak_close_together_are_left_out():
    spans = [Span(0, 10, 5), Span(8, 18, 9), Span(9, 30, 20), Span(12, 20, 16)]
    assert suppress(spans[::-1], 5) == [Span(0, 10, 5), Span(9, 30, 20)]


# --- emotions --------------------------------------------------------------------------------------------------------

CLASSES = ("negative", "positive", "neutral")
LOGITS = np.array([[1, 0, 2], [0, 1, 2], [-1, -2, -0.5], [3, 0, 1.0]])


@pytest.mark.parametrize(
    ("synergy", "expected"),
    [
        (Synergy(0), [2, 2, 2, 0]),
        (Synergy(1), [2, 2, 2, 0]),
        (Synergy(2), [0, 1, 0, 0]),
        (Synergy(1, "zero"), [0, 1, 2, 0]),  # neutral where all emotions are below 0
    ],
)
def test_the_class_of_a_frame_under_each_strategy(synergy, expected):
    assert list(frame_classes(LOGITS, CLASSES, synergy)) == expected


def test_the_class_of_an_interval_is_the_most_frequent_inside_and_of_equals_the_first():
    frames = np.array([0, 2, 1, 1, 2, 0, 0])
    assert interval_class(frames, 0, 6, 3) == 2  # rows 1 to 4: 2, 1, 1, 2
    assert interval_class(frames, 1, 6, 3) == 1  # rows 2 to 4
    assert interval_class(frames, -5, 4, 1) == 2  # begins before the video: rows 1 and 2
    assert interval_class(frames, 2, 4, 3) == 1  # no row: that of the peak
    assert interval_class(frames, 3, 99, 5) == 0  # ends after the video: rows 4 to 6


def test_recognition_leads_by_deleting_neutral_intervals():
    scores = bump(120, 30, 90)
    logits = np.zeros((120, 3))
    logits[:60, 0], logits[60:, 2] = 1, 1
    track = Track(0, 1, scores, logits, CLASSES)
    found = {strategy: [one.emotion for one in decode(track, Decoder(5, 0.55, synergy=Synergy(strategy)))]
             for strategy in (0, 1, 2)}  # fmt: skip
    assert found == {0: ["negative", "neutral"], 1: ["negative"], 2: ["negative", "negative"]}
