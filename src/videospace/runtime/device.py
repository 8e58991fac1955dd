"""Choosing the device and the precision to compute with."""

from typing import Literal

import torch

from videospace.runtime.errors import UserError

Precision = Literal["float32", "bfloat16"]


def choose_device(name: str = "auto") -> torch.device:
    """Choose a device.

    Args:
        name: ``auto`` for a GPU if there is one and else the CPU, or the name of a torch device
            such as ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        UserError: The machine has no such device.

    Example:
        >>> choose_device("cpu")
        device(type='cpu')
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device).item()  # fails on a device that cannot compute
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"expected auto, cpu or a GPU of this machine, got '{name}': {reason}"
        ) from error
    return device


def choose_precision(
    name: Literal["auto", "float32", "bfloat16"], device: torch.device
) -> Precision:
    """Choose a precision.

    Args:
        name: ``auto`` for bfloat16 if the processor has instructions for its products, which then
            take half as long, and else float32; or the precision to use.
        device: The device to compute on.

    Example:
        >>> choose_precision("float32", torch.device("cpu"))
        'float32'
    """
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # These two functions of PyTorch are private; without them float32 is used.
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    found = any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)
    return "bfloat16" if found else "float32"
