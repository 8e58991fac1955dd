"""From what was measured on one machine to many clips and many GPUs, by the formulas below."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What a projection takes for granted; nothing of this is measured here."""

    points_per_clip: float = 60e6 / 270
    """Points to see of each clip: what ``fast`` sees of GRID faces."""
    clips_per_step: int = 1024
    """Clips of a step, for each GPU."""
    points_per_clip_and_step: int = 256
    """Points of each of them."""
    gpu_operations_per_second: float = 0.4 * 989e12
    """40 % of the dense bfloat16 peak of an H200, the share that this project aims at."""
    bytes_per_second_inside: float = 450e9
    """Between the GPUs of one machine, in one direction."""
    bytes_per_second_outside: float = 50e9
    """Of each GPU to other machines."""
    gpus_per_machine: int = 8
    """GPUs of one machine."""
    clip_bytes: int = 25 * 64 * 64 * 3
    """Pixels of a clip of 25 frames of 64x64 px."""


NUM_CLIPS = (100_000, 1_000_000, 100_000_000)
NUM_GPUS = (8, 64, 512)


def projection(
    measured: dict[str, float], num_clips: int, num_gpus: int, assume: Assumptions
) -> dict[str, Any]:
    """Time, memory and traffic of a run.

    Args:
        measured: ``operations_per_point``, ``table_bytes_per_clip`` (codes, moments, counters and
            latents), ``latent_bytes_per_clip``, ``weight_bytes``, ``order_seconds_per_clip``,
            ``draw_seconds_per_point``, ``components_seconds_per_clip``,
            ``index_seconds_per_clip`` and ``save_bytes_per_second``.
        num_clips: Of the run.
        num_gpus: One process each.
        assume: The rest.

    Returns:
        Figures by name; those of memory in bytes, for the process that has most.
    """
    points_per_step = num_gpus * assume.clips_per_step * assume.points_per_clip_and_step
    points = num_clips * assume.points_per_clip
    steps = points / points_per_step
    arithmetic = points * measured["operations_per_point"]
    arithmetic_seconds = arithmetic / (num_gpus * assume.gpu_operations_per_second)
    sent = 2 * (num_gpus - 1) / num_gpus * measured["weight_bytes"]
    inside = num_gpus <= assume.gpus_per_machine
    speed = assume.bytes_per_second_inside if inside else assume.bytes_per_second_outside
    own_clips = num_clips / num_gpus
    read = assume.clips_per_step * assume.clip_bytes
    drawing_seconds = measured["draw_seconds_per_point"] * points  # on each process, for all
    reducing_seconds = steps * sent / speed
    return {
        "clips": num_clips,
        "gpus": num_gpus,
        "steps": steps,
        "arithmetic_seconds": arithmetic_seconds,
        "arithmetic_seconds_per_step": arithmetic_seconds / steps,
        "sent_bytes_per_step": sent,
        "reduce_seconds_per_step": sent / speed,
        "draw_seconds_per_step": drawing_seconds / steps,
        "run_seconds": arithmetic_seconds + reducing_seconds + drawing_seconds,
        "order_seconds_per_epoch": measured["order_seconds_per_clip"] * num_clips,
        "order_bytes": 2 * 8 * num_clips,
        "table_bytes_per_gpu": measured["table_bytes_per_clip"] * own_clips,
        "pixel_bytes_per_gpu": assume.clip_bytes * own_clips,
        "disk_bytes_per_second_per_gpu": read / (arithmetic_seconds / steps),
        "state_bytes": measured["table_bytes_per_clip"] * num_clips,
        "save_seconds": measured["table_bytes_per_clip"]
        * num_clips
        / measured["save_bytes_per_second"],
        "first_process_bytes": measured["latent_bytes_per_clip"] * num_clips,
        "start_seconds": measured["components_seconds_per_clip"] * num_clips,
        "index_seconds": measured["index_seconds_per_clip"] * num_clips,
    }


def projections(measured: dict[str, float], assume: Assumptions) -> list[dict[str, Any]]:
    """All numbers of clips on all numbers of GPUs."""
    return [projection(measured, clips, gpus, assume) for clips in NUM_CLIPS for gpus in NUM_GPUS]
