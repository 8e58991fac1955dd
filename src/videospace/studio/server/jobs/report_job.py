"""Measure a profile in a process of its own, so that talking stays quick."""

import dataclasses
from pathlib import Path
from typing import Any

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.evaluation.profile_report import report_on
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.messages import Message
from videospace.studio.server.jobs.job_runner import Callback, JobRunner, JobStatus
from videospace.studio.server.uploads.sandbox import Answer, Sandbox

MAX_SECONDS = 900.0
MEMORY_BYTES = 4 * 2**30


class ReportJob:
    """Makes the evaluation report of one profile; the newest report stays until the next one."""

    def __init__(self, profile: Profile, settings: LearningSettings):
        self._profile, self._settings = profile, settings
        self._jobs: JobRunner[dict[str, Any]] = JobRunner()

    @property
    def status(self) -> JobStatus[dict[str, Any]]:
        """The progress, and the report of a job that is done."""
        return self._jobs.status

    def start(self) -> None:
        """Start to measure.

        Raises:
            UserError: A measurement is running.
        """
        folder, device = self._profile.folder, self._settings.device

        def measure(callback: Callback) -> dict[str, Any]:
            callback(0.0, Message("learning from some recordings and testing on the others"))
            with Sandbox(memory_bytes=MEMORY_BYTES) as sandbox:
                return sandbox.call(_report, folder, device, seconds=MAX_SECONDS)[0]

        self._jobs.start("report", measure)


def _report(folder: Path, device: str) -> Answer:
    settings = LearningSettings(device=device, progress=False)
    return dataclasses.asdict(report_on(Profile(folder), settings)), b""
