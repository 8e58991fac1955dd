"""Which optimizer moves which weights, and how far."""

import pytest
import torch

from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.training.config import OptimizerConfig
from videospace.inrv.training.optimizers import weight_optimizers


@pytest.fixture
def model(toy_model):
    return InrvModel(toy_model)


def parameters(optimizer):
    return {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}


def test_adam_alone_takes_all(model):
    optimizers = weight_optimizers(model, OptimizerConfig())
    assert list(optimizers) == ["adam"]
    assert parameters(optimizers["adam"]) == {id(parameter) for parameter in model.parameters()}


def test_muon_takes_the_matrices_of_the_generators(model):
    optimizers = weight_optimizers(model, OptimizerConfig(kind="muon"))
    muon, adam = parameters(optimizers["muon"]), parameters(optimizers["adam"])
    named = dict(model.named_parameters())
    assert muon | adam == {id(parameter) for parameter in named.values()}
    assert not muon & adam
    assert muon == {
        id(parameter)
        for name, parameter in named.items()
        if "generators" in name and name.endswith("weight")
    }


def test_a_step_of_muon_is_orthogonal_and_as_long_as_one_of_adam(model):
    """0.2 of the learning rate is the root mean square of Adam's usual steps (Liu et al.)."""
    optimizers = weight_optimizers(model, OptimizerConfig(kind="muon", learning_rate=0.01))
    (matrix, *_) = optimizers["muon"].param_groups[0]["params"]
    before = matrix.detach().clone()
    matrix.grad = torch.randn_like(matrix)
    optimizers["muon"].step()
    step = (matrix.detach() - before) / 0.01
    scale = 0.2 * max(step.shape) ** 0.5
    singular_values = torch.linalg.svdvals(step) / scale
    assert 0.5 < singular_values.min() < singular_values.max() < 1.4
