"""Recordings of the person's own voice: reading sound files, and trimming and storing them."""

import io

import av
import numpy as np
from av.error import FFmpegError
from jaxtyping import Int16

from videospace.lipreading.synthesis.speech import Speech
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

SAMPLE_RATE = 24000
"""Samples per second of a kept recording."""
MAX_SECONDS = 20.0
"""Longest recording; the rest of a longer one is left out."""
MARGIN_SECONDS = 0.15
"""Silence that is kept before and after the sound."""

_SILENT = 100
"""A recording whose loudest sample is below this, of 32767, is silent."""
_TRIM = 0.04
"""What is quieter than this fraction of the loudest sample counts as silence."""
_PEAK = 0.9
_SIGNATURES = (b"RIFF", b"\x1a\x45\xdf\xa3", b"OggS", b"fLaC", b"ID3", b"\xff\xfb", b"\xff\xf3")
"""The first bytes of WAV, WebM, Ogg, FLAC and MP3; those of MP4 come after four others."""


def read_own_voice(content: bytes) -> Speech:
    """Read a recording, without the silence around it and at full loudness.

    Args:
        content: A WAV, WebM, Ogg, FLAC, MP3 or MP4 file.

    Raises:
        UserError: It is another kind of file, damaged, empty or silent.
    """
    if not (content.startswith(_SIGNATURES) or content[4:8] == b"ftyp"):
        raise UserError(
            Message(
                "expected a sound as WAV, WebM, Ogg, FLAC, MP3 or MP4, got something else: "
                "record it here, or save it as WAV"
            )
        )
    audio = _decoded(content)
    loudness = np.abs(audio.astype(np.int32))
    if not len(audio) or loudness.max() < _SILENT:
        raise UserError(
            Message("the recording is silent: check the microphone, and speak closer to it")
        )
    heard = np.flatnonzero(loudness > _TRIM * loudness.max())
    margin = round(MARGIN_SECONDS * SAMPLE_RATE)
    part = audio[max(0, heard[0] - margin) : heard[-1] + margin]
    loud = part * (_PEAK * 32767 / loudness.max())
    return Speech(audio=loud.round().astype(np.int16), sample_rate=SAMPLE_RATE)


def to_flac(speech: Speech) -> bytes:
    """A sound as a FLAC file, which loses nothing and which every browser plays."""
    content = io.BytesIO()
    with av.open(content, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=speech.sample_rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(speech.audio[None], format="s16", layout="mono")
        frame.sample_rate = speech.sample_rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return content.getvalue()


def _decoded(content: bytes) -> Int16[np.ndarray, " sample"]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    pieces, num_samples = [np.zeros(0, np.int16)], 0
    try:
        with av.open(io.BytesIO(content), "r") as container:
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    pieces.append(piece.to_ndarray()[0])
                    num_samples += piece.samples
                if num_samples >= MAX_SECONDS * SAMPLE_RATE:
                    break
            else:
                pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    except (FFmpegError, IndexError, ValueError) as error:
        raise UserError(
            Message(
                "the sound cannot be read, it may be damaged: record it again, or save it as WAV"
            )
        ) from error
    return np.concatenate(pieces)[: round(MAX_SECONDS * SAMPLE_RATE)]
