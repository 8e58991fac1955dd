"""Settings of glibc, OpenMP and oneDNN, some of them seen from a process of their own."""

import ctypes
import os
import platform
import subprocess
import sys

import pytest

from videospace.runtime import native_libraries

VARIABLE = "OMP_WAIT_POLICY"

PAGES_OF_STEPS = """
import ctypes, resource
from videospace.runtime.native_libraries import keep_freed_memory
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
from videospace.runtime.native_libraries import limit_malloc_arenas
if {limited}:
    assert limit_malloc_arenas()
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

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")


def output_of(program):
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def pages_of_a_step(size, keep):
    return int(output_of(PAGES_OF_STEPS.format(size=size, keep=keep)))


def arenas_of_threads(limited):
    return output_of(ARENAS_OF_THREADS.format(limited=limited)).count("<heap nr=")


@needs_glibc
def test_threads_allocate_from_two_arenas():
    assert arenas_of_threads(limited=False) > 2
    assert arenas_of_threads(limited=True) <= 2


@needs_glibc
@pytest.mark.parametrize("size", [16 << 20, 40 << 20])
def test_freed_memory_comes_back_without_new_pages(size):
    assert pages_of_a_step(size, keep=False) > 1000
    assert pages_of_a_step(size, keep=True) < 10


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(native_libraries.sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: pytest.fail("the C library was called"))
    assert not native_libraries.keep_freed_memory()
    assert not native_libraries.limit_malloc_arenas()


def test_other_c_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(native_libraries.sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not native_libraries.keep_freed_memory()


def test_threads_sleep_by_default(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    native_libraries.sleep_while_waiting()
    assert os.environ[VARIABLE] == "passive"


def test_a_wait_policy_of_the_user_stays(monkeypatch):
    monkeypatch.setenv(VARIABLE, "active")
    native_libraries.sleep_while_waiting()
    assert os.environ[VARIABLE] == "active"


def test_the_studio_sets_the_policy_before_it_imports_pytorch():
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
