"""Many visitors of the studio at once, and what becomes of it and of their recordings."""

import dataclasses
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil
from tests.support.studio_process import BUSY, StudioServer, Tally

from benchmarks.studio_visitor import Visitor
from videospace.lipreading.profile.clip_files import clip_id
from videospace.lipreading.profile.profile import Profile

GROWTH, GROWTH_MIB = 1.10, 32.0


def under_load(
    studio: StudioServer, profile: Profile, *, num_visitors: int, seconds: float, seed: int
) -> dict[str, Any]:
    """Let visitors come, watch the memory, and look for every recording afterwards.

    Args:
        studio: Which they ask.
        profile: Of the person on whose page they are.
        num_visitors: At once.
        seconds: How long they stay.
        seed: Of what they do.
    """
    profile.change_settings(dataclasses.replace(profile.settings, finder="middle"))
    num_words = len(profile.words())
    before = {record.id for record in profile.clips()}
    visitors = [
        Visitor(studio.address, profile.folder.name, number, seed, num_words)
        for number in range(num_visitors)
    ]
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=visitor.stay, args=(end,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    memory = {}
    for name, remaining in (("third", 2 / 3), ("two_thirds", 1 / 3), ("end", 0)):
        time.sleep(max(0, end - remaining * seconds - time.monotonic()))
        memory[name] = memory_mib(studio.pid)
    for thread in threads:
        thread.join()
    recordings = compare(profile, before, visitors)
    tally = Tally.of([visitor.page.tally for visitor in visitors])
    mishaps = [mishap for visitor in visitors for mishap in visitor.mishaps]
    is_flat = memory["end"] <= max(GROWTH * memory["third"], memory["third"] + GROWTH_MIB)
    lost = any(recordings[name] for name in ("lost", "came_back", "damaged"))
    return {
        "passed": is_flat and not (lost or mishaps or tally.failures),
        "recordings": recordings,
        "mishaps": mishaps[:20],
        "failures": tally.failures[:20],
        "memory_mib": memory,
        "memory_flat": is_flat,
        "asked_to_wait": sum(tally.statuses[status] for status in BUSY),
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "seconds": {kind: spread(times) for kind, times in sorted(tally.seconds.items())},
    }


def compare(profile: Profile, before: set[str], visitors: Sequence[Visitor]) -> dict[str, int]:
    """What the visitors remember, against what the profile holds."""
    kept = set().union(*(visitor.kept for visitor in visitors))
    deleted = set().union(*(visitor.deleted for visitor in visitors))
    there = {record.id for record in profile.clips()}
    return {
        "kept": len(kept),
        "deleted": len(deleted),
        "lost": len((before | kept) - deleted - there),
        "came_back": len(deleted & there),
        "damaged": sum(clip_id(profile.load_clip(each)) != each for each in there),
    }


def memory_mib(pid: int) -> float:
    """What a process and those that it has started keep in memory."""
    studio = psutil.Process(pid)
    processes = [studio, *studio.children(recursive=True)]
    return sum(process.memory_info().rss for process in processes) / 2**20


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and longest of some times.

    Example:
        >>> spread([0.1, 0.2, 0.3])
        {'count': 3, 'median': 0.2, 'p95': 0.29, 'longest': 0.3}
    """
    median, p95 = (round(float(np.percentile(seconds, share)), 6) for share in (50, 95))
    return {"count": len(seconds), "median": median, "p95": p95, "longest": max(seconds)}
