"""A base model from weights that the authors of a lipreading network published."""

from collections.abc import Sequence
from pathlib import Path

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.embedding import EmbeddingConfig
from videospace.lipreading.model.encoders.published import load_published
from videospace.lipreading.model.mouth_model import CONFIG_FILE, MouthModel
from videospace.lipreading.pretraining.config import PretrainConfig
from videospace.lipreading.recognition.calibration import calibrate
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_lock


def model_from_published(
    file: Path | str,
    out: Path | str | None = None,
    *,
    clips: Sequence[LabeledClip] = (),
    embedding: EmbeddingConfig | None = None,
) -> MouthModel:
    """Make a base model from the published weights of LRwP, LTCN or DC-TCN.

    Nothing is trained. The model knows no words: the authors' classifier is left out, and every
    strategy but ``dtw`` and ``dtw-normalized`` can begin with the encoder.

    Args:
        file: The file that the authors' training saved, or a safetensors file of the same tensors.
            No code in it is executed.
        out: Folder in which to save the model; None keeps it in memory only.
        clips: Clips of other speakers with at least two clips of each word, on which the
            probabilities are calibrated; without any, all scorers count alike.
        embedding: How the embeddings of frames become one; None takes the default of pretraining.

    Returns:
        The model, in evaluation mode.

    Raises:
        UserError: The file is missing, damaged or of another network, or the folder holds a model
            already or cannot be written to.
    """
    file = Path(file)
    if out is not None and (Path(out) / CONFIG_FILE).exists():
        raise UserError(f"'{out}' holds a model already: choose another folder")
    encoder = load_published(file)
    model = MouthModel(encoder, [], embedding=embedding or PretrainConfig().embedding).eval()
    model.scores = {"weights": f"published by the authors of the network, from {file.name}"}
    if clips:
        model.calibration = calibrate(model, clips)
    if out is not None:
        with folder_lock(Path(out)):
            model.save_pretrained(out)
    return model
