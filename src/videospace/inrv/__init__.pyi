from .completion.completion import complete_clips, complete_video
from .generation.flow_training import FlowReport, FlowTrainingConfig, train_flow
from .inversion import tasks
from .inversion.contexts import Context
from .inversion.encoder_training import EncoderReport, EncoderTrainingConfig, train_encoder
from .inversion.inversion import Inversion, InversionConfig, invert
from .model.coordinates import CoordinatesConfig
from .model.encoder import EncoderConfig, LatentEncoder
from .model.hypernetwork import HypernetworkConfig
from .model.inr import InrConfig
from .model.inrv_model import InrvModel, ModelConfig
from .model.latent_flow import FlowConfig, LatentFlow
from .model.latents import LatentConfig
from .model.positional_encoding import EncodingConfig
from .model.video_clip_network import VideoClipConfig
from .space.files import ClipShape
from .space.latent_files import LatentFile, load_latents, save_latents
from .space.latent_prior import LatentPrior
from .space.named_latents import find_latents
from .space.pretrained import pretrained_names
from .space.projection import LatentProjection
from .space.sampling import (
    interpolate,
    lerp,
    mean_latent,
    nearest_latent,
    sample_gaussian,
    sample_paths,
    slerp,
)
from .space.video_space import VideoSpace
from .training import presets
from .training.code_init import CodeInitConfig
from .training.config import BatchConfig, OptimizerConfig, TrainingConfig
from .training.evaluation import Evaluation, evaluate
from .training.loop import TrainingOptions, TrainingReport, train

__all__ = [
    "BatchConfig",
    "ClipShape",
    "CodeInitConfig",
    "Context",
    "CoordinatesConfig",
    "EncoderConfig",
    "EncoderReport",
    "EncoderTrainingConfig",
    "EncodingConfig",
    "Evaluation",
    "FlowConfig",
    "FlowReport",
    "FlowTrainingConfig",
    "HypernetworkConfig",
    "InrConfig",
    "InrvModel",
    "Inversion",
    "InversionConfig",
    "LatentConfig",
    "LatentEncoder",
    "LatentFile",
    "LatentFlow",
    "LatentPrior",
    "LatentProjection",
    "ModelConfig",
    "OptimizerConfig",
    "TrainingConfig",
    "TrainingOptions",
    "TrainingReport",
    "VideoClipConfig",
    "VideoSpace",
    "complete_clips",
    "complete_video",
    "evaluate",
    "find_latents",
    "interpolate",
    "invert",
    "lerp",
    "load_latents",
    "mean_latent",
    "nearest_latent",
    "presets",
    "pretrained_names",
    "sample_gaussian",
    "sample_paths",
    "save_latents",
    "slerp",
    "tasks",
    "train",
    "train_encoder",
    "train_flow",
]
