"""Where to compute."""

import torch

from videospace.runtime.errors import UserError


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
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"expected auto, cpu or a GPU of this machine, came '{name}': {reason}") from error
    return device
