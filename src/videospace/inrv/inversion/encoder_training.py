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
from videospace.inrv.model.latents import (
    content_that_rests,
    keyframe_weights,
    whole_keyframes,
)
from videospace.inrv.model.positional_encoding import gather_points
from videospace.inrv.model.track_encoder import track_crops
from videospace.inrv.model.tracks import (
    LatentParts,
    join_latents,
    path_weights,
    split_latents,
)
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


FRAMES_OF_A_TRACK = 4
"""Frames of each clip of a step from which its tracks are guessed."""

SHIFT, JITTER = 0.05, 0.02
"""Standard deviations of a random shift of each path, and of each of its keyframes, by which the
encoder learns to correct paths; a frame is 2 wide."""


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
        UserError: The space was trained on no clip of the store, the clips have another size, or
            the loss is not finite.

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
        latent = self.latent = space.model.config.latent
        with global_random_stream(config.seed, "encoder weights"):
            self.encoder = LatentEncoder(config.encoder, latent).to(self.device)
        self.times = space.model.frame_times(clips.size[0], self.device)
        parts = split_latents(space.latents, latent)
        keyframes = whole_keyframes(parts.content, latent)
        at_frames = keyframe_weights(self.times, latent.num_keyframes) @ keyframes
        self.encoder.mean.copy_(at_frames.mean(dim=(0, 1)))
        self.encoder.deviation.copy_(
            at_frames.flatten(0, 1).std(dim=0, correction=0).clamp(min=1e-6)
        )
        if self.encoder.tracks is not None:
            looks = parts.looks.flatten(0, 1)
            self.encoder.tracks.mean.copy_(looks.mean(dim=0))
            self.encoder.tracks.deviation.copy_(looks.std(dim=0, correction=0).clamp(min=1e-6))
            rows = {id: row for row, id in enumerate(space.ids)}
            self.paths = parts.paths[[rows[clips.store.records[row].id] for row in clips.rows]]
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
        clips, frames = self._draw()
        affine = self._draw_affine(len(clips))
        colors = self._colors(clips, frames, affine)
        with self._products():
            latents = self._guess(clips, frames, colors, affine)
            if self.latent.varies_in_time:  # every frame has an INR of its own
                latents, frames = latents.flatten(0, 1), frames.reshape(-1, 1)
                colors = colors.flatten(0, 1)[:, None]
            else:
                latents = latents[:, 0]
            loss = self._loss(latents, frames, colors)
        self._learn(loss, fraction)

    def _guess(
        self,
        clips: Int[Tensor, " clip"],
        frames: Int[Tensor, "clip time"],
        colors: Float[Tensor, "clip time rgb=3 height width"],
        affine: Float[Tensor, "clip xy=2 3"],
    ) -> Float[Tensor, "clip time latent"]:
        """Guess a latent from each frame; all of a clip have the same tracks."""
        inputs = small_frames(colors.flatten(0, 1), self.config.encoder.side)
        content = self.encoder(inputs.unflatten(0, frames.shape), self.times[frames]).float()
        content = content_that_rests(content, self.latent)
        if self.encoder.tracks is None:
            return content
        paths = deformed_paths(self.paths[clips], affine)
        paths = paths + SHIFT * self._noise(*paths.shape[:2], 1, 2)
        jittered = paths + JITTER * self._noise(*paths.shape)
        weights = path_weights(self.times, self.latent.num_path_keyframes)[frames]
        centers = torch.einsum("cfm,ckmx->ckfx", weights, jittered)
        observed = torch.ones_like(colors[:, :, 0])
        crops = track_crops(colors, observed, centers, self.model.config.tracks.radius)
        looks, shifts = self.encoder.tracks(crops)
        parts = looks.float(), paths + shifts.float()[:, :, None]
        tracks = [part[:, None].expand(-1, frames.shape[1], *part.shape[1:]) for part in parts]
        return join_latents(LatentParts(content, *tracks))

    def _loss(
        self,
        latents: Float[Tensor, "row latent"],
        frames: Int[Tensor, "row time"],
        colors: Float[Tensor, "row time rgb=3 height width"],
    ) -> Float[Tensor, ""]:
        """The squared error of renders at random points of the frames."""
        num_rows, num_frames = frames.shape
        count = self.config.points_per_frame * num_frames
        per_frame = self.clips.points_per_frame
        within = torch.randint(per_frame, (num_rows, count), generator=self.generator)
        within = within.to(self.device)
        of_frame = torch.arange(count, device=self.device) % num_frames
        points = frames[:, of_frame] * per_frame + within
        target = colors.flatten(3)[torch.arange(num_rows)[:, None], of_frame, :, within]
        inrs = self.model.inrs(latents, self.times[frames[:, 0]])
        rendered = self.model.colors(gather_points(self.tables, points), inrs).float()
        return (rendered - target).square().mean()

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
            each = FRAMES_OF_A_TRACK if self.latent.num_tracks else 1
            at_once = max(1, self.config.frames_per_step // each)
            clips = torch.randint(num_clips, (at_once,), generator=self.generator)
            frames = torch.randint(num_frames, (at_once, each), generator=self.generator)
        return clips.to(self.device), frames.to(self.device)

    def _draw_affine(self, count: int) -> Float[Tensor, "clip xy=2 3"]:
        """Draw a random deformation for each clip."""
        scale = torch.tensor([self.config.stretch] * 2 + [self.config.shift], device=self.device)
        return torch.eye(2, 3, device=self.device) + self._noise(count, 2, 3) * scale

    def _colors(
        self,
        clips: Int[Tensor, " clip"],
        frames: Int[Tensor, "clip time"],
        affine: Float[Tensor, "clip xy=2 3"],
    ) -> Float[Tensor, "clip time rgb=3 height width"]:
        """The colors of frames, deformed for each clip."""
        _, height, width = self.clips.size
        within = torch.arange(self.clips.points_per_frame, device=self.device)
        points = frames[:, :, None] * self.clips.points_per_frame + within
        colors = self.clips.colors(clips, points.flatten(1))
        colors = colors.view(*frames.shape, height, width, 3).permute(0, 1, 4, 2, 3)
        grid = functional.affine_grid(affine, [len(clips), 3, height, width], align_corners=False)
        deformed = functional.grid_sample(
            colors.flatten(1, 2), grid, padding_mode="border", align_corners=False
        )
        return deformed.unflatten(1, (-1, 3))

    def _noise(self, *size: int) -> Tensor:
        return torch.randn(size, generator=self.generator).to(self.device)

    def _products(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision)


def deformed_paths(
    paths: Float[Tensor, "clip track keyframe hw=2"], affine: Float[Tensor, "clip xy=2 3"]
) -> Float[Tensor, "clip track keyframe hw=2"]:
    """Where the centers of paths are after their clips were resampled.

    Args:
        paths: In the original clips.
        affine: From coordinates (w, h, 1) in the new clips to (w, h) in the original ones.

    Example:
        >>> half = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]])
        >>> deformed_paths(torch.full((1, 1, 1, 2), 0.5), half).flatten().tolist()
        [0.25, 0.25]
    """
    shifted = paths.flip(-1) - affine[:, None, None, :, 2]
    return torch.einsum("cyx,ckmx->ckmy", affine[:, :, :2].inverse(), shifted).flip(-1)
