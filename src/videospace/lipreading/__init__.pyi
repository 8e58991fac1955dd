from .adaptation.learning import LearningSettings, learn
from .adaptation.strategies import STRATEGIES, Strategy, strategy_named
from .data.corpora import LabeledClip, read_corpus
from .evaluation.evaluation import (
    Answer,
    Scores,
    ask,
    confusions,
    evaluate,
    score,
    shot_curve,
    split_shots,
)
from .model.mouth_model import MouthModel
from .mouth.detectors import FaceDetector, FixedBox, detector_named
from .mouth.dlib_detector import DlibDetector
from .mouth.mediapipe_detector import MediapipeDetector
from .mouth.mouth_clip import MouthClip
from .mouth.quality import QualityReport
from .mouth.reading import read_crops, read_mouth
from .phonetics.homophenes import LookAlike, look_alikes
from .phonetics.phonemes import phonemes
from .phonetics.visemes import visemes
from .pretraining.config import PretrainConfig, PretrainOptions
from .pretraining.episodes import EpisodeConfig
from .pretraining.pretrain import pretrain
from .pretraining.published import model_from_published
from .profile.archive import export_profile, import_profile
from .profile.deletion import delete_clip, delete_profile, delete_word
from .profile.editing import change_word, move_clip
from .profile.learning import ProfileRecognizer, adopt_model, open_recognizer, train
from .profile.media import delete_media, keep_media, list_media, own_voice, small_picture
from .profile.model_selection import use_model
from .profile.models import models
from .profile.profile import Profile
from .profile.storage.damage import UnreadableProfile, export_as_it_is
from .profile.storage.records import (
    AnswerRecord,
    ClipRecord,
    MediaRecord,
    ModelRecord,
    ProfileSettings,
    SaidRecord,
    UsageRecord,
    WordRecord,
)
from .profile.usage import history
from .profile.usage.accuracy_drop import find_accuracy_drop
from .profile.usage.speaking import add_said, delete_said, said, suggestions
from .profile.words import read_word_list
from .recognition.recognizer import Recognition, Recognizer
from .synthesis.espeak import EspeakSynthesizer
from .synthesis.speech import PhonemeEvent, Speech, SpeechSynthesizer, Voice

__all__ = [
    "STRATEGIES",
    "Answer",
    "AnswerRecord",
    "ClipRecord",
    "DlibDetector",
    "EpisodeConfig",
    "EspeakSynthesizer",
    "FaceDetector",
    "FixedBox",
    "LabeledClip",
    "LearningSettings",
    "LookAlike",
    "MediaRecord",
    "MediapipeDetector",
    "ModelRecord",
    "MouthClip",
    "MouthModel",
    "PhonemeEvent",
    "PretrainConfig",
    "PretrainOptions",
    "Profile",
    "ProfileRecognizer",
    "ProfileSettings",
    "QualityReport",
    "Recognition",
    "Recognizer",
    "SaidRecord",
    "Scores",
    "Speech",
    "SpeechSynthesizer",
    "Strategy",
    "UnreadableProfile",
    "UsageRecord",
    "Voice",
    "WordRecord",
    "add_said",
    "adopt_model",
    "ask",
    "change_word",
    "confusions",
    "delete_clip",
    "delete_media",
    "delete_profile",
    "delete_said",
    "delete_word",
    "detector_named",
    "evaluate",
    "export_as_it_is",
    "export_profile",
    "find_accuracy_drop",
    "history",
    "import_profile",
    "keep_media",
    "learn",
    "list_media",
    "look_alikes",
    "model_from_published",
    "models",
    "move_clip",
    "open_recognizer",
    "own_voice",
    "phonemes",
    "pretrain",
    "read_corpus",
    "read_crops",
    "read_mouth",
    "read_word_list",
    "said",
    "score",
    "shot_curve",
    "small_picture",
    "split_shots",
    "strategy_named",
    "suggestions",
    "train",
    "use_model",
    "visemes",
]
