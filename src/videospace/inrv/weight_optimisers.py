"""What moves the weights of a model: Adam, or Muon and Adam."""

import torch
from torch.optim import Adam, Muon, Optimizer

from videospace.inrv.model import InrvModel
from videospace.inrv.training_config import OptimiserConfig


def weight_optimisers(model: InrvModel, config: OptimiserConfig) -> dict[str, Optimizer]:
    """Optimisers that share the weights of a model between them, by the name of their kind.

    Muon takes the matrices of the hypernetwork's generators; base weights, biases and the mixer of
    latents stay with Adam. Its steps have the root mean square of Adam's, so one learning rate
    serves both.

    Source: Jordan et al. (2024), Muon; Liu et al. (2025), section 2.2, for the size of its steps.
    """
    matrices: list[torch.nn.Parameter] = []
    if config.kind == "muon":
        named = model.hypernetwork.named_parameters()
        matrices = [p for name, p in named if p.ndim == 2 and not name.startswith("base_")]
    taken = set(matrices)
    adam = Adam(
        [parameter for parameter in model.parameters() if parameter not in taken],
        lr=config.learning_rate,
        betas=(0.9, config.second_moment_decay),
        fused=True,
    )
    if not matrices:
        return {"adam": adam}
    muon = Muon(matrices, lr=config.learning_rate, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    return {"adam": adam, "muon": muon}
