"""Threads that come and go in any order, and processes and machines that have none."""

import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from convnotes.fast.machine import threads

# A call of several images, of which each of two threads gets some, against the same call with one thread.
SHARED = """
import os, sys, threading
import numpy as np
from convnotes import fast
from convnotes.fast.algorithms import shares
from convnotes.fast.machine import threads
shares.LONG = 0
X, K = np.random.default_rng(0).standard_normal((2, 5, 8, 24, 24))[:, :, :8]
K = K[:4, :, :3, :3]
threads.number, number = lambda: 1, threads.number
expected = fast.conv2d(X, K)
threads.number = lambda: 2
def right():
    return np.allclose(fast.conv2d(X, K), expected, rtol=0, atol=1e-12)
"""


def in_a_new_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", SHARED + code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_shared_call_is_right():
    assert in_a_new_process("print(right(), threads._pool.cache_info().currsize)") == "True 1\n"


@pytest.mark.parametrize("missing", ["os.register_at_fork", "os.fork"])
def test_fast_is_imported_where_there_are_no_forks(missing):
    # Python's own `random`, which NumPy imports, takes the one for a sign of the other.
    code = f"import os, random\nif hasattr(os, {missing[3:]!r}): del {missing}\nfrom convnotes import fast"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_thread_that_outlives_the_main_thread_works_alone():
    code = """
def late():
    threading.main_thread().join()
    print(right())
threading.Thread(target=late).start()
"""
    assert in_a_new_process(code) == "True\n"


def test_where_no_thread_starts_the_callers_works_alone():
    code = """
def refuse(self):
    raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
print(right(), right())
"""
    assert in_a_new_process(code) == "True True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without forks has no forked processes")
def test_a_forked_process_has_threads_of_its_own_and_its_blas_back():
    """Even if it is forked by one thread while another is within `alone`, and holds its lock."""
    code = """
threads.number = number
inside, leave = threading.Event(), threading.Event()
def stay():
    with threads.alone():
        inside.set()
        leave.wait()
before = number()
other = threading.Thread(target=stay)
other.start()
inside.wait()
with threads._lock:
    child = os.fork()
if not child:
    threads.number, now = lambda: 2, number()
    os._exit(0 if right() and now == before == number() else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
leave.set()
other.join()
print(number() == before)
"""
    # Python warns of a fork beside other threads, which is the point here.
    assert in_a_new_process("import warnings; warnings.simplefilter('ignore')" + code) == "0\nTrue\n"


class Blas:
    """Stands for a BLAS of four threads."""

    def __init__(self):
        self.lib_controllers = [SimpleNamespace(num_threads=4)]

    def limit(self, limits):
        (library,) = self.lib_controllers
        before, library.num_threads = library.num_threads, limits

        def restore():
            library.num_threads = before

        return SimpleNamespace(restore_original_limits=restore)


@pytest.fixture
def blas(monkeypatch):
    blas = Blas()
    monkeypatch.setattr(threads, "_blas", lambda: blas)
    return blas


@pytest.mark.parametrize("first", [0, 1])
def test_blas_has_its_threads_back_whoever_leaves_first(first, blas):
    both = threads.alone(), threads.alone()
    for one in both:
        one.__enter__()
        assert threads.number() == 1
    both[first].__exit__(None, None, None)
    assert threads.number() == 1
    both[1 - first].__exit__(None, None, None)
    assert threads.number() == 4


def test_blas_has_its_threads_back_after_an_error(blas):
    with pytest.raises(ValueError, match="inside"), threads.alone(), threads.alone():
        raise ValueError("inside")
    assert threads.number() == 4


def test_blas_has_one_thread_as_long_as_anyone_needs_it_so(blas):
    """Many threads that enter and leave without an order."""
    wrong = []

    def come_and_go():
        for _ in range(300):
            with threads.alone():
                if threads.number() != 1:
                    wrong.append(threads.number())

    several = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()
    assert not wrong
    assert threads.number() == 4
