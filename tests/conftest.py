"""Settings for all tests: reproducible draws, and one thread per test process, since pytest-xdist starts several."""

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import convnotes
from forgetting import forget

# Threads of several processes on the same cores wait for each other.
threadpool_limits(1, "blas")
if find_spec("torch"):  # test_light runs some tests without it
    import torch

    torch.set_num_threads(1)

# A job in the background is started deaf to these, and would hand that on to all that tests start.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    number = getattr(signal, name, None)  # Windows has no SIGHUP
    if number is not None and signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)

# What tests start, Jupyter's kernels among it, takes the package from here as they do, whatever is installed.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.getenv("PYTHONPATH")]))

# Derandomized, so that a failure is the same everywhere. HYPOTHESIS_PROFILE is read by hypothesis's own
# option: pytest --hypothesis-profile=thorough draws more, and new cases every time.
# Nothing is refused for being slow, which a busy machine is, nor for being rare among what one version draws first.
CHECKS = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much]
SLOW = {"deadline": None, "suppress_health_check": CHECKS, "database": None}
hypothesis.settings.register_profile("default", derandomize=True, max_examples=150, **SLOW)
hypothesis.settings.register_profile("thorough", max_examples=2000, **SLOW)
hypothesis.settings.load_profile("default")


@pytest.fixture
def implementations():
    """What is registered, to be changed. Afterwards it is as it was, in its order too, which is that of results."""
    before = dict(convnotes.IMPLEMENTATIONS)
    yield convnotes.IMPLEMENTATIONS
    convnotes.IMPLEMENTATIONS.clear()
    convnotes.IMPLEMENTATIONS.update(before)


@pytest.fixture
def forgetful():
    """Whatever a test patches in `fast`, neither it nor a later one works with what was chosen before."""
    forget()
    yield
    forget()


@pytest.fixture
def rng():
    return np.random.default_rng(20150218)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory):
    """The source distribution, unpacked, and the wheel that is built from it."""
    root, folder = Path(__file__).parents[1], tmp_path_factory.mktemp("shipped")
    left_out = shutil.ignore_patterns(".*cache", "__pycache__", ".git", ".venv*", ".hypothesis", "*.egg-info", "build")
    shutil.copytree(root, folder / "clone", ignore=left_out)
    build(folder / "clone", "sdist", folder)
    (archive,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(archive, folder, filter="data")
    build(folder / archive.name.removesuffix(".tar.gz"), "wheel", folder)
    return folder / archive.name.removesuffix(".tar.gz"), zipfile.ZipFile(next(folder.glob("*.whl")))


def build(source: Path, kind: str, out: Path) -> None:
    code = f"from setuptools import build_meta; build_meta.build_{kind}({str(out)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=True)
