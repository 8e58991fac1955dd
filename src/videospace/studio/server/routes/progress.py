"""Requests about progress: what was said in use, and the models that answered."""

import dataclasses
from typing import Any

from fastapi import APIRouter, Response

from videospace.lipreading.profile.accuracy_drop import find_accuracy_drop
from videospace.lipreading.profile.history import (
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
from videospace.lipreading.profile.model_selection import current_selection
from videospace.studio.server.routes.progress_schemas import ModelChoice, Progress
from videospace.studio.server.sessions.app_state import House
from videospace.studio.server.uploads.uploads import file_answer

CSV = file_answer("text/csv")


def progress_routes(house: House) -> APIRouter:
    """What is below ``/people/ID`` for whoever looks after the progress."""
    routes = APIRouter(prefix="/people/{person}", tags=["progress"])

    @routes.get("/progress")
    def show_progress(person: str) -> Progress:
        profile = house.people.find(person)
        choices = profile.usage()
        fall = find_accuracy_drop(choices)
        return Progress.model_validate(
            {
                "num_words": len(choices),
                "accuracy": dataclasses.asdict(accuracy(choices)),
                "num_moving": MOVING,
                "fall": None if fall is None else fall.text(),
                "days": [dataclasses.asdict(day) for day in by_day(choices)],
                "sessions": [dataclasses.asdict(session) for session in sessions(choices)],
                "words": [_word(word) for word in word_history(profile.words(), choices)],
                "confusions": [
                    {"said": said, "answered": answered, "times": times}
                    for said, answered, times in confusion_pairs(choices)
                ],
                "strategy": current_selection(profile)[0],
                "models": [_model(each) for each in model_history(profile, choices)],
            }
        )

    @routes.get("/progress.csv", response_class=Response, responses=CSV)
    def export_choices(person: str) -> Response:
        profile = house.people.find(person)
        name = f"{profile.folder.name}-progress.csv"
        # With a mark that makes spreadsheets read UTF-8.
        return Response(
            usage_csv(profile.usage()).encode("utf-8-sig"),
            media_type="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @routes.put("/model")
    def choose_model(person: str, choice: ModelChoice) -> Progress:
        house.use_model(person, choice.model)
        return show_progress(person)

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
