from .ball_structure import BallCheck, check_ball, fraction_valid
from .bootstrap import Interval, bootstrap_mean
from .complexity import multiply_adds
from .distribution.clip_features import ClipFeatures
from .distribution.comparison import Comparison, compare_features
from .distribution.coverage import coverage, novelty
from .distribution.frechet import frechet_distance
from .distribution.image_network import ImageNetwork
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
    "ClipFeatures",
    "Comparison",
    "DeepFaceEmbedder",
    "DlibFaceEmbedder",
    "FaceEmbedder",
    "Fidelity",
    "Identity",
    "ImageNetwork",
    "Interval",
    "Lpips",
    "MeanInterval",
    "TaskFidelity",
    "bootstrap_mean",
    "check_ball",
    "compare_features",
    "context_l1",
    "coverage",
    "fidelity",
    "fraction_valid",
    "frechet_distance",
    "global_similarity",
    "identity",
    "local_similarity",
    "matching_similarity",
    "mean_interval",
    "mean_squared_error",
    "moving_pixels",
    "multiply_adds",
    "novelty",
    "paired_difference",
    "proportion_interval",
    "psnr_db",
    "root_mean_square_error",
    "ssim",
    "ssim_of_regions",
    "task_fidelity",
    "unobserved_pixels",
]
