"""Requests about voices and speech."""

from fastapi import APIRouter, Response

from videospace.studio.server.routes.speech_schemas import SpeechRequest, StudioVoice
from videospace.studio.server.uploads.media import MediaProcess
from videospace.studio.server.uploads.uploads import file_answer

WAV = file_answer("audio/wav")


def speech_routes(media: MediaProcess) -> APIRouter:
    """The routes of the studio's own voices."""
    routes = APIRouter(tags=["speech"])

    @routes.get("/voices")
    def list_voices() -> list[StudioVoice]:
        return [StudioVoice(**voice) for voice in media.voices()]

    @routes.post("/speech", response_class=Response, responses=WAV)
    def speak(wanted: SpeechRequest) -> Response:
        sound = media.speak(wanted.text, wanted.voice, rate=wanted.rate, pitch=wanted.pitch)
        return Response(sound, media_type="audio/wav")

    return routes
