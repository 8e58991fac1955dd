import ctypes
import platform
import subprocess
import sys

import pytest

from videospace.runtime import allocator

PAGES_OF_STEPS = """
import ctypes, resource
from videospace.runtime.allocator import keep_freed_memory
if {keep}:
    assert keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
size = 16 << 20
def step():
    tensors = [libc.malloc(size) for _ in range(4)]
    for tensor in tensors:
        libc.memset(tensor, 1, size)
    for tensor in tensors:
        libc.free(tensor)
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 5)
"""


def pages_of_a_step(keep):
    command = [sys.executable, "-c", PAGES_OF_STEPS.format(keep=keep)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks to glibc")
def test_freed_memory_comes_back_without_new_pages():
    assert pages_of_a_step(keep=False) > 1000
    assert pages_of_a_step(keep=True) < 10


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(allocator.sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: pytest.fail("it was spoken to"))
    assert not allocator.keep_freed_memory()


def test_other_c_libraries_too(monkeypatch):
    monkeypatch.setattr(allocator.sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not allocator.keep_freed_memory()
