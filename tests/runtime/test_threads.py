"""Threads that wait asleep: said before PyTorch is there to hear it."""

import os
import subprocess
import sys

from videospace.runtime.threads import wait_asleep

VARIABLE = "OMP_WAIT_POLICY"


def test_who_has_not_chosen_waits_asleep(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    wait_asleep()
    assert os.environ[VARIABLE] == "passive"


def test_a_choice_is_left_alone(monkeypatch):
    monkeypatch.setenv(VARIABLE, "active")
    wait_asleep()
    assert os.environ[VARIABLE] == "active"


def test_the_studio_says_so_before_it_imports_pytorch():
    script = f"""
import os, sys
from videospace.cli import studio
assert "torch" not in sys.modules
studio.parse = lambda *_, **__: sys.exit(os.environ["{VARIABLE}"] != "passive")
studio.main([])
"""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
