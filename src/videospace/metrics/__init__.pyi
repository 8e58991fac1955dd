from .ball_structure import BallCheck, check_ball, fraction_valid
from .bootstrap import Interval, bootstrap_mean
from .complexity import multiply_adds
from .face_embedders import DeepFaceEmbedder, DlibFaceEmbedder, FaceEmbedder
from .fidelity import (
    Fidelity,
    fidelity,
    mean_squared_error,
    moving_pixels,
    psnr_db,
    root_mean_square_error,
    ssim,
)
from .identity import Identity, global_similarity, identity, local_similarity, matching_similarity
from .intervals import MeanInterval, mean_interval, paired_difference
from .perceptual import Lpips
from .proportion import proportion_interval
from .task_fidelity import (
    TaskFidelity,
    context_l1,
    ssim_of_regions,
    task_fidelity,
    unobserved_pixels,
)

__all__ = [
    "BallCheck",
    "DeepFaceEmbedder",
    "DlibFaceEmbedder",
    "FaceEmbedder",
    "Fidelity",
    "Identity",
    "Interval",
    "Lpips",
    "MeanInterval",
    "TaskFidelity",
    "bootstrap_mean",
    "check_ball",
    "context_l1",
    "fidelity",
    "fraction_valid",
    "global_similarity",
    "identity",
    "local_similarity",
    "matching_similarity",
    "mean_interval",
    "mean_squared_error",
    "moving_pixels",
    "multiply_adds",
    "paired_difference",
    "proportion_interval",
    "psnr_db",
    "root_mean_square_error",
    "ssim",
    "ssim_of_regions",
    "task_fidelity",
    "unobserved_pixels",
]
