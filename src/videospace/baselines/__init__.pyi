from .frame_interpolation import cross_fade, optical_flow
from .inpainting import navier_stokes, telea
from .linear import LinearSpace
from .methods import BASELINES, learned_baselines
from .motionless import last_frame, mean_frame, oracle_mean_frame
from .nearest import nearest_clip
from .pixels import Baseline, Size
from .table_columns import Column, Row, table_text
from .task_table import task_table
from .upscaling import bicubic, lanczos

__all__ = [
    "BASELINES",
    "Baseline",
    "Column",
    "LinearSpace",
    "Row",
    "Size",
    "bicubic",
    "cross_fade",
    "lanczos",
    "last_frame",
    "learned_baselines",
    "mean_frame",
    "navier_stokes",
    "nearest_clip",
    "optical_flow",
    "oracle_mean_frame",
    "table_text",
    "task_table",
    "telea",
]
