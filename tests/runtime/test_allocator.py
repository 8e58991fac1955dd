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
size = {size}
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

ARENAS_OF_THREADS = """
import ctypes, sys, threading
from videospace.runtime.allocator import share_freed_memory
if {share}:
    assert share_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fflush.argtypes = [ctypes.c_void_p]
together = threading.Barrier(8)
def take():
    together.wait()
    for _ in range(100):
        libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
out = libc.fdopen(1, b"w")
libc.malloc_info(0, out)
libc.fflush(out)
"""

speaks_to_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks to glibc")


def told_by(program):
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def pages_of_a_step(size, keep):
    return int(told_by(PAGES_OF_STEPS.format(size=size, keep=keep)))


def arenas_of_threads(share):
    return told_by(ARENAS_OF_THREADS.format(share=share)).count("<heap nr=")


@speaks_to_glibc
def test_threads_share_what_they_free():
    assert arenas_of_threads(share=False) > 2
    assert arenas_of_threads(share=True) <= 2


@speaks_to_glibc
@pytest.mark.parametrize("size", [16 << 20, 80 << 20])
def test_freed_memory_comes_back_without_new_pages(size):
    assert pages_of_a_step(size, keep=False) > 1000
    assert pages_of_a_step(size, keep=True) < 10


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(allocator.sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: pytest.fail("it was spoken to"))
    assert not allocator.keep_freed_memory()
    assert not allocator.share_freed_memory()


def test_other_c_libraries_too(monkeypatch):
    monkeypatch.setattr(allocator.sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not allocator.keep_freed_memory()
