"""How the threads of a computation wait for each other."""

import os


def wait_asleep() -> None:
    """Let threads that wait for each other sleep, and not spin, unless the user says otherwise.

    OpenMP's threads spin between two products. Where another program has one of the cores, all of
    them then wait for the thread that has lost its own, and burn what would have let it go on: a
    step of training took three times as long as with sleeping threads. Alone on a machine spinning
    is faster, by about a tenth. Without effect once PyTorch is imported; processes that are started
    later do the same.

    Source: OpenMP 5.2, section 21.3, ``OMP_WAIT_POLICY``.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
