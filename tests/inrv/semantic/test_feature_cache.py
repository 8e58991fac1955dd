from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from videospace.inrv.semantic import feature_cache as semantic
from videospace.inrv.semantic.feature_cache import frame_features
from videospace.inrv.semantic.frame_encoders import ComponentFrameEncoder, FrameEncoder
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError


class SmallStore:
    """Clips in memory, with the members of a clip store that are asked for."""

    def __init__(self, folder: Path, num_clips: int, num_frames: int = 4):
        self.folder = folder
        self.ids = [f"film.mp4#{row}" for row in range(num_clips)]
        self.num_frames = num_frames
        shape = (num_clips, num_frames, 3, 5, 3)
        self.clips = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def frames(self, rows: list[int], /) -> np.ndarray:
        return self.clips[rows]


class MeanColor(FrameEncoder):
    """The mean red, green and blue of a frame; remembers how many frames got at once."""

    name = "mean-color"
    width = 3

    def __init__(self):
        self.batches: list[int] = []

    @property
    def num_frames_encoded(self):
        return sum(self.batches)

    def encode(self, frames):
        self.batches.append(len(frames))
        return frames.float().mean(dim=(1, 2)) / 255


def colors_of(clips):
    return torch.from_numpy(clips).float().mean(dim=(2, 3)).div(255).half().float()


def test_features_of_the_chosen_rows_in_their_order(tmp_path):
    store = SmallStore(tmp_path, 5)
    features = frame_features(store, [3, 0, 3], MeanColor())
    assert torch.equal(features, colors_of(store.clips[[3, 0, 3]]))


def test_the_second_call_encodes_nothing_and_gives_the_same(tmp_path):
    store = SmallStore(tmp_path, 5)
    first = frame_features(store, range(5), MeanColor())
    later = MeanColor()
    assert torch.equal(frame_features(store, range(5), later), first)
    assert later.num_frames_encoded == 0


def test_the_cache_is_one_file_by_clip_id(tmp_path):
    store = SmallStore(tmp_path, 3)
    features = frame_features(store, range(3), MeanColor())
    assert [path.name for path in (tmp_path / "features").iterdir()] == ["mean-color.safetensors"]
    cached = load_file(tmp_path / "features" / "mean-color.safetensors")
    assert cached.keys() == set(store.ids)
    assert torch.equal(cached["film.mp4#2"].float(), features[2])


def test_a_store_that_has_grown_encodes_only_its_new_clips(tmp_path):
    frame_features(SmallStore(tmp_path, 3), range(3), MeanColor())
    grown, encoder = SmallStore(tmp_path, 5), MeanColor()
    grown.ids = [*grown.ids[3:], *grown.ids[:3]]
    grown.clips[2:] = SmallStore(tmp_path, 3).clips
    features = frame_features(grown, range(5), encoder)
    assert encoder.num_frames_encoded == 2 * grown.num_frames
    assert torch.equal(features, colors_of(grown.clips))


def test_encoders_do_not_share_a_cache(tmp_path):
    store = SmallStore(tmp_path, 4)
    frame_features(store, range(4), MeanColor())
    components = ComponentFrameEncoder.fit(store.frames, range(4), num_components=6)
    features = frame_features(store, range(4), components)
    assert features.shape == (4, 4, 6)
    expected = components.encode(torch.from_numpy(store.clips).flatten(0, 1)).view(4, 4, 6)
    torch.testing.assert_close(features, expected, atol=0, rtol=1e-3)


@pytest.mark.parametrize("batch_size", [1, 3, 8, 9, 1000])
def test_no_more_frames_than_the_batch_size_are_encoded_at_once(tmp_path, batch_size):
    store, encoder = SmallStore(tmp_path, 5), MeanColor()
    features = frame_features(store, range(5), encoder, batch_size=batch_size)
    assert max(encoder.batches) <= batch_size
    assert encoder.num_frames_encoded == 5 * store.num_frames
    assert torch.equal(features, colors_of(store.clips))


def test_an_interrupt_keeps_what_is_encoded(tmp_path):
    class Interrupted(MeanColor):
        def encode(self, frames):
            if len(self.batches) == 2:
                raise KeyboardInterrupt
            return super().encode(frames)

    store = SmallStore(tmp_path, 5)
    with pytest.raises(KeyboardInterrupt):
        frame_features(store, range(5), Interrupted(), batch_size=4)
    encoder = MeanColor()
    assert torch.equal(frame_features(store, range(5), encoder), colors_of(store.clips))
    assert encoder.num_frames_encoded == 3 * store.num_frames


def test_a_long_run_is_saved_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(semantic, "SAVE_EVERY_SECONDS", 0.0)
    path, sizes = tmp_path / "features" / "mean-color.safetensors", []

    class Watching(MeanColor):
        def encode(self, frames):
            sizes.append(len(load_file(path)) if path.exists() else 0)
            return super().encode(frames)

    frame_features(SmallStore(tmp_path, 3), range(3), Watching(), batch_size=4)
    assert sizes == [0, 1, 2]


def test_the_bar_is_silent_away_from_a_terminal(tmp_path, capsys):
    frame_features(SmallStore(tmp_path, 3), range(3), MeanColor())
    assert capsys.readouterr().err == ""


def test_no_rows(tmp_path):
    with pytest.raises(UserError, match="at least one clip"):
        frame_features(SmallStore(tmp_path, 3), [], MeanColor())


@pytest.mark.parametrize("value", [float("nan"), 1e6])
def test_values_that_cannot_be_kept_name_the_clip(tmp_path, value):
    class Broken(MeanColor):
        def encode(self, frames):
            features = super().encode(frames)
            features[-1, 1] = value
            return features

    with pytest.raises(UserError, match=r"film\.mp4#2"):
        frame_features(SmallStore(tmp_path, 3), range(3), Broken())


def test_a_damaged_cache_says_what_to_do(tmp_path):
    store = SmallStore(tmp_path, 3)
    frame_features(store, range(3), MeanColor())
    path = tmp_path / "features" / "mean-color.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match="delete it"):
        frame_features(store, range(3), MeanColor())


def test_a_folder_that_cannot_be_made_is_found_out_before_the_work(tmp_path):
    (tmp_path / "features").write_text("in the way")
    encoder = MeanColor()
    with pytest.raises(UserError, match="cannot write"):
        frame_features(SmallStore(tmp_path, 3), range(3), encoder)
    assert encoder.num_frames_encoded == 0


def test_a_failed_write_leaves_the_earlier_cache_whole(tmp_path, monkeypatch):
    frame_features(SmallStore(tmp_path, 2), range(2), MeanColor())

    def full_disk(path, mode):
        if mode == "rb":
            return open(path, mode)
        Path(path).write_bytes(b"half a fi")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "open", full_disk, raising=False)
        with pytest.raises(UserError, match="No space left"):
            frame_features(SmallStore(tmp_path, 5), range(5), MeanColor())
    assert len(list((tmp_path / "features").iterdir())) == 1
    encoder = MeanColor()
    frame_features(SmallStore(tmp_path, 2), range(2), encoder)
    assert encoder.num_frames_encoded == 0
