"""Requests about progress: how well words were recognized, and with which models."""

import dataclasses
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response

from videospace.lipreading.profile.model_selection import current_selection
from videospace.lipreading.profile.usage.accuracy_drop import find_accuracy_drop
from videospace.lipreading.profile.usage.history import (
    MOVING,
    ModelHistory,
    WordHistory,
    accuracy,
    by_day,
    confusion_pairs,
    model_history,
    sessions,
    usage_csv,
    word_history,
)
from videospace.lipreading.profile.usage.weak_recordings import weak_recordings
from videospace.studio.server.routes.pins import guard_by_pin
from videospace.studio.server.routes.schemas import ModelChoice, Progress, ReportState
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.uploads.uploads import file_answer

CSV = file_answer("text/csv")


def progress_routes(state: AppState) -> APIRouter:
    """The routes below ``/profiles/ID`` that concern progress and models."""
    routes = APIRouter(prefix="/profiles/{profile_id}", tags=["progress"])

    @routes.get("/progress")
    def show_progress(profile_id: str) -> Progress:
        profile = state.profiles.find(profile_id)
        choices = profile.usage()
        drop = find_accuracy_drop(choices)
        return Progress.model_validate(
            {
                "num_words": len(choices),
                "accuracy": dataclasses.asdict(accuracy(choices)),
                "num_moving": MOVING,
                "accuracy_drop": None if drop is None else drop.text(),
                "days": [dataclasses.asdict(day) for day in by_day(choices)],
                "sessions": [dataclasses.asdict(session) for session in sessions(choices)],
                "words": [_word(word) for word in word_history(profile.words(), choices)],
                "confusions": [
                    {"said": said, "answered": answered, "times": times}
                    for said, answered, times in confusion_pairs(choices)
                ],
                "weak": [dataclasses.asdict(each) for each in weak_recordings(profile, choices)],
                "strategy": current_selection(profile)[0],
                "models": [_model(each) for each in model_history(profile, choices)],
            }
        )

    @routes.get("/progress.csv", response_class=Response, responses=CSV)
    def export_choices(profile_id: str) -> Response:
        profile = state.profiles.find(profile_id)
        name = quote(f"{profile_id}-progress.csv")
        # The byte order mark tells spreadsheets that the text is UTF-8.
        return Response(
            usage_csv(profile.usage()).encode("utf-8-sig"),
            media_type="text/csv",
            headers={"Content-Disposition": f"attachment; filename*=utf-8''{name}"},
        )

    @routes.get("/report")
    def show_report(profile_id: str) -> ReportState:
        return ReportState.model_validate(dataclasses.asdict(state.report(profile_id).status))

    @routes.post("/report", status_code=202)
    def make_report(profile_id: str) -> ReportState:
        state.report(profile_id).start()
        return show_report(profile_id)

    @routes.put("/model", dependencies=[Depends(guard_by_pin(state))])
    def choose_model(profile_id: str, choice: ModelChoice) -> Progress:
        state.use_model(profile_id, choice.model)
        return show_progress(profile_id)

    return routes


def _word(word: WordHistory) -> dict[str, Any]:
    top1 = word.top1
    return dataclasses.asdict(word) | {
        "top1": None if top1 is None else dataclasses.asdict(top1),
        "taken_for": [{"word": other, "times": times} for other, times in word.taken_for],
    }


def _model(each: ModelHistory) -> dict[str, Any]:
    return dataclasses.asdict(each.model) | {
        "num_clips": len(each.model.clips),
        "is_in_use": each.is_in_use,
        "accuracy": dataclasses.asdict(each.accuracy),
    }
