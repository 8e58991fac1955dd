"""Training an encoder for a space whose weights and latents do not change."""

import dataclasses
import math
import time
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder, small_frames
from videospace.inrv.model.latents import keyframe_weights
from videospace.inrv.model.positional_encoding import gather_points
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.data import TrainingClips, clip_batch
from videospace.inrv.training.evaluation import check_clips
from videospace.inrv.training.objective import psnr_from_squared_error
from videospace.inrv.training.optimizers import learning_rate_factor
from videospace.runtime.device import choose_precision
from videospace.runtime.errors import UserError
from videospace.runtime.random import global_random_stream, random_stream


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncoderTrainingConfig:
    """How an encoder is trained."""

    budget_seconds: float = 120.0
    """Training time, over which the learning rate decays to zero."""
    learning_rate: float = 1e-3
    """Initial learning rate of AdamW."""
    frames_per_step: int = 128
    """Frames of a step, each of another clip. If the latents have one keyframe, a step has whole
    clips with about as many frames in total."""
    points_per_frame: int = 128
    """Points of each frame at which a guess is rendered and compared."""
    stretch: float = 0.015
    """Standard deviation of the random stretching, shearing and rotation of frames, an augmentation
    that helps on clips that the space was not trained on."""
    shift: float = 0.03
    """Standard deviation of their random shift, in halves of their sides."""
    seed: int = 0
    """Seed of the initial weights, the batches and the augmentation."""
    encoder: EncoderConfig = EncoderConfig()
    """The network."""

    def __post_init__(self) -> None:
        if not 0 < self.budget_seconds < math.inf:
            raise UserError(f"expected budget_seconds above 0, got {self.budget_seconds}")
        for name in ("frames_per_step", "points_per_frame"):
            if getattr(self, name) < 1:
                raise UserError(f"expected {name} of at least 1, got {getattr(self, name)}")
        for name in ("learning_rate", "stretch", "shift", "seed"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f"expected {name} of at least 0, got {getattr(self, name)}")


__all__ = ["EncoderReport", "EncoderTrainingConfig", "train_encoder"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncoderReport:
    """The result of training an encoder."""

    steps: int
    """Number of steps."""
    seconds: float
    """Training time."""
    psnr_db: float
    """PSNR of the rendered guesses on the training points, smoothed over the last steps."""


def train_encoder(
    space: VideoSpace,
    store: ClipStore | Path | str,
    config: EncoderTrainingConfig | None = None,
    *,
    progress: bool = True,
) -> EncoderReport:
    """Train an encoder on the clips that a space was trained on, and set it as the space's encoder.

    The encoder learns to guess latents whose renders agree with its input frames. The weights and
    latents of the space do not change. If training is interrupted, the space keeps its old encoder.

    Args:
        space: Its ``encoder`` is replaced at the end; ``save_pretrained`` then also writes it.
        store: Clips of the space's size; those that the space was trained on are used.
        config: Options; None takes the defaults.
        progress: Show a progress bar in a terminal.

    Returns:
        Number of steps, training time, and the PSNR that the guesses reach.

    Raises:
        UserError: The space was trained on no clip of the store, the clips have another size, the
            space has tracks, or the loss is not finite.

    Example:
        >>> import tempfile
        >>> from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig
        >>> from videospace.clips.synthetic.bouncing_ball import write_bouncing_ball
        >>> from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
        >>> from videospace.inrv.space.video_space import ClipShape
        >>> shape = ClipShape(num_frames=3, height=16, width=16, fps=25.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     balls = BouncingBallConfig(num_clips=4, num_frames=3, size="16")
        ...     store = write_bouncing_ball(Path(folder) / "clips", balls)
        ...     space = VideoSpace(InrvModel(ModelConfig()), torch.randn(4, 128), store.ids, shape)
        ...     report = train_encoder(space, store, EncoderTrainingConfig(budget_seconds=0.1))
        >>> space.encoder is not None
        True
    """
    config = config or EncoderTrainingConfig()
    if space.model.config.latent.num_tracks:
        raise UserError(
            "expected a space without tracks, since an encoder does not find tracks: invert videos "
            "without an encoder (start='mean', or --start mean), which does"
        )
    store = store if isinstance(store, ClipStore) else ClipStore.open(store)
    check_clips(space, store, None)
    trained = set(space.ids)
    rows = [row for row, record in enumerate(store.records) if record.id in trained]
    if not rows:
        raise UserError(
            f"expected clips that the space was trained on, which the encoder learns from, but "
            f"'{store.folder}' has none"
        )
    training = _EncoderTraining(space, TrainingClips(store, rows, space.device), config)
    shown = None if progress else True
    bar_format = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
    started, fraction = time.monotonic(), 0.0
    with tqdm(
        total=config.budget_seconds, desc="training", bar_format=bar_format, disable=shown
    ) as bar:
        while fraction < 1:
            training.step(fraction)
            seconds = time.monotonic() - started
            fraction = seconds / config.budget_seconds
            bar.set_postfix_str(f"{training.psnr_db:.1f} dB", refresh=False)
            bar.update(min(seconds, config.budget_seconds) - bar.n)
    space.encoder = training.encoder.eval().requires_grad_(False)
    return EncoderReport(
        steps=training.steps, seconds=time.monotonic() - started, psnr_db=training.psnr_db
    )


class _EncoderTraining:
    """The encoder, its optimizer and the training clips."""

    def __init__(self, space: VideoSpace, clips: TrainingClips, config: EncoderTrainingConfig):
        self.model, self.clips, self.config = space.model, clips, config
        self.device = space.device
        self.generator = random_stream(config.seed, "encoder batches")
        latent = space.model.config.latent
        with global_random_stream(config.seed, "encoder weights"):
            self.encoder = LatentEncoder(config.encoder, latent).to(self.device)
        self.times = space.model.frame_times(clips.size[0], self.device)
        keyframes = space.latents.unflatten(1, (latent.num_keyframes, -1))
        at_frames = keyframe_weights(self.times, latent.num_keyframes) @ keyframes
        self.encoder.mean.copy_(at_frames.mean(dim=(0, 1)))
        self.encoder.deviation.copy_(
            at_frames.flatten(0, 1).std(dim=0, correction=0).clamp(min=1e-6)
        )
        self.adam = torch.optim.AdamW(
            self.encoder.parameters(), lr=config.learning_rate, weight_decay=1e-2, fused=True
        )
        self.tables = space.model.axis_tables(clips.size, self.device)
        self.low_precision = choose_precision("auto", self.device) == "bfloat16"
        self.steps = 0
        self.squared_error: float | None = None

    @property
    def psnr_db(self) -> float:
        """PSNR on the points of the last steps."""
        return psnr_from_squared_error(self.squared_error or 4.0)

    def step(self, fraction: float) -> None:
        """Guess latents, render them, and descend the squared error."""
        config = self.config
        clips, frames = self._draw()
        colors = self._colors(clips, frames)
        inputs = small_frames(colors.flatten(0, 1), config.encoder.side)
        inputs = inputs.unflatten(0, frames.shape)
        count = config.points_per_frame * frames.shape[1]
        within = torch.randint(
            self.clips.points_per_frame, (len(clips), count), generator=self.generator
        ).to(self.device)
        of_frame = torch.arange(count, device=self.device) % frames.shape[1]
        points = frames[:, of_frame] * self.clips.points_per_frame + within
        target = colors.flatten(3)[torch.arange(len(clips))[:, None], of_frame, :, within]
        with self._products():
            latents = self.encoder(inputs, self.times[frames])[:, 0].float()
            inrs = self._inrs(latents, self.times[frames[:, 0]])
            rendered = self.model.colors(gather_points(self.tables, points), inrs).float()
        loss = (rendered - target).square().mean()
        self._learn(loss, fraction)

    def _learn(self, loss: Float[Tensor, ""], fraction: float) -> None:
        value = loss.item()
        if not math.isfinite(value):
            raise UserError(
                f"the loss is not finite at step {self.steps}: expected a lower learning_rate"
            )
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
        factor = learning_rate_factor(fraction, self.steps, warmup_steps=50, schedule="cosine")
        for group in self.adam.param_groups:
            group["lr"] = factor * self.config.learning_rate
        self.adam.step()
        self.steps += 1
        before = value if self.squared_error is None else self.squared_error
        self.squared_error = 0.98 * before + 0.02 * value

    def _draw(self) -> tuple[Int[Tensor, " clip"], Int[Tensor, "clip time"]]:
        """Draw clips, and frames of each."""
        num_frames, num_clips = self.clips.size[0], len(self.clips.rows)
        if self.encoder.needs_whole_clip:
            at_once = max(1, self.config.frames_per_step // num_frames)
            clips = clip_batch(self.config.seed, num_clips, at_once, self.steps)
            frames = torch.arange(num_frames).expand(len(clips), -1)
        else:
            at_once = self.config.frames_per_step
            clips = torch.randint(num_clips, (at_once,), generator=self.generator)
            frames = torch.randint(num_frames, (at_once, 1), generator=self.generator)
        return clips.to(self.device), frames.to(self.device)

    def _colors(
        self, clips: Int[Tensor, " clip"], frames: Int[Tensor, "clip time"]
    ) -> Float[Tensor, "clip time rgb=3 height width"]:
        """The colors of frames, with a random affine augmentation for each clip."""
        _, height, width = self.clips.size
        within = torch.arange(self.clips.points_per_frame, device=self.device)
        points = frames[:, :, None] * self.clips.points_per_frame + within
        colors = self.clips.colors(clips, points.flatten(1))
        colors = colors.view(*frames.shape, height, width, 3).permute(0, 1, 4, 2, 3)
        draw = torch.randn(len(clips), 2, 3, generator=self.generator).to(self.device)
        scale = torch.tensor([self.config.stretch] * 2 + [self.config.shift], device=self.device)
        affine = torch.eye(2, 3, device=self.device) + draw * scale
        grid = functional.affine_grid(affine, [len(clips), 3, height, width], align_corners=False)
        deformed = functional.grid_sample(
            colors.flatten(1, 2), grid, padding_mode="border", align_corners=False
        )
        return deformed.unflatten(1, (-1, 3))

    def _inrs(self, latents: Float[Tensor, "clip width"], times: Float[Tensor, " clip"]):
        """The INRs of latents at single times: the latent is repeated at all keyframes."""
        num_keyframes = self.model.config.latent.num_keyframes
        return self.model.inrs(latents.tile(1, num_keyframes), times)

    def _products(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision)
