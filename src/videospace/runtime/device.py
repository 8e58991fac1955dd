"""Where to compute, and how precisely."""

from typing import Literal

import torch

from videospace.runtime.errors import UserError

Precision = Literal["float32", "bfloat16"]


def choose_device(name: str = "auto") -> torch.device:
    """A GPU when there is one; it is never needed.

    Args:
        name: ``auto``, or a torch device such as ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        UserError: There is no such device.

    Example:
        >>> choose_device("cpu")
        device(type='cpu')
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device).item()  # a device that cannot compute has no value
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"expected auto, cpu or a GPU of this machine, got '{name}': {reason}"
        ) from error
    return device


def choose_precision(
    name: Literal["auto", "float32", "bfloat16"], device: torch.device
) -> Precision:
    """bfloat16 where the processor has instructions for its products, which then take half as long.

    Args:
        name: ``auto``, or what to use in any case.
        device: Where to compute.

    Example:
        >>> choose_precision("float32", torch.device("cpu"))
        'float32'
    """
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # PyTorch keeps these two to itself; without them the answer is the one that always works.
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    found = any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)
    return "bfloat16" if found else "float32"
