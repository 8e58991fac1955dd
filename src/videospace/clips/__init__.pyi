from .decoding.frame_folder import UnreadableVideo
from .decoding.one_clip import read_one_clip
from .decoding.video_input import VideoInfo, probe, read_frames
from .prepare import PrepareReport, prepare
from .prepare_config import PrepareConfig
from .store.clip_store import ClipStore
from .store.records import ClipRecord
from .synthetic.bouncing_ball import (
    BouncingBallConfig,
    ball_video,
    bouncing_ball,
    write_bouncing_ball,
)
from .synthetic.drawn_digits import drawn_digits
from .synthetic.moving_mnist import MovingMnistConfig, moving_mnist, write_moving_mnist
from .writing import mosaic, write_video

__all__ = [
    "BouncingBallConfig",
    "ClipRecord",
    "ClipStore",
    "MovingMnistConfig",
    "PrepareConfig",
    "PrepareReport",
    "UnreadableVideo",
    "VideoInfo",
    "ball_video",
    "bouncing_ball",
    "drawn_digits",
    "mosaic",
    "moving_mnist",
    "prepare",
    "probe",
    "read_frames",
    "read_one_clip",
    "write_bouncing_ball",
    "write_moving_mnist",
    "write_video",
]
