"""The arrows of the design, held over every import, and what no file may do."""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES = 250
VAGUE = {"utils", "common", "core"}
# What each package may import, beside the standard library and itself.
ARROWS = {
    "stylegan": {"torch", "jaxtyping", "numpy"},
    "drag": {"torch", "jaxtyping"},
    "weights": {
        "photo",
        "stylegan",
        "safetensors",
        "huggingface_hub",
        "torch",
        "numpy",
        "jaxtyping",
    },
    "photo": {"stylegan", "torch", "cv2", "numpy", "PIL", "jaxtyping"},
    "transfer": {"stylegan", "photo", "torch", "cv2", "numpy", "scipy", "jaxtyping"},
    "inversion": {"photo", "transfer", "stylegan", "torch", "lpips", "numpy", "jaxtyping"},
    "editor": {"weights", "inversion", "transfer", "drag", "photo", "stylegan"}
    | {"numpy", "PIL", "av", "torch", "tqdm", "jaxtyping", "pydantic", "pydantic_core"},
    "cli": {"app", "editor", "inversion", "drag", "photo", "weights", "numpy", "torch", "tqdm"},
    "ui": {"editor", "inversion", "transfer", "drag", "photo", "weights"}
    | {"gradio", "starlette", "pydantic", "numpy", "PIL"},
    "serve": {"app", "ui", "editor", "ray", "pydantic"},
    "app": {"ui", "editor", "gradio", "spaces"},
    "training": {"stylegan", "weights", "photo", "inversion", "torch", "torchvision"}
    | {"cv2", "moderngl", "numpy", "PIL", "tqdm", "jaxtyping"},
}
ALSO = {
    "editor/backend/store.py": {"fsspec", "safetensors"},
    "editor/drawing.py": {"cv2"},
    "photo/decoder/formats.py": {"pillow_heif"},
    "ui/lent.py": {"spaces"},
    "ui/metrics.py": {"prometheus_client"},
}
PACKAGES = [name for name in ARROWS if name not in ("app", "training")]
OURS = {*ARROWS, "benchmarks", "tests"}
WRITER = "benchmarks/trust/hostile/pickle_writer.py"  # writes pickles, and reads none
FUZZ = "benchmarks/trust/weights_fuzz.py"
HIDING = {"builtins.eval", "builtins.exec", "builtins.compile", "torch.load"}
LOADING = {"load", "loads", "Unpickler", "_Unpickler", "_load", "_loads", "find_class"}


@dataclass(frozen=True)
class Source:
    """What a module says: its imports as (0 if absolute, else how many dots; full name)."""

    name: str  # its path below the root
    text: str

    @property
    def package(self) -> str:
        return self.name.split("/")[0].removesuffix(".py")

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text)))

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(0, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found.append((node.level, node.module or ""))
        return found

    @property
    def modules(self) -> set[str]:
        return {module for level, module in self.imports if level == 0}

    @property
    def roots(self) -> set[str]:
        """The packages of its absolute imports."""
        return {module.split(".")[0] for module in self.modules}

    @property
    def calls(self) -> Iterator[tuple[str, dict[str, str]]]:
        """(what is called, its keywords) as source text."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                keywords = {k.arg or "**": ast.unparse(k.value) for k in node.keywords}
                yield ast.unparse(node.func), keywords

    @property
    def named(self) -> Iterator[str]:
        """The full names of what is imported by name from a module."""
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def sources(package: str) -> list[Source]:
    """The modules of a package; one that is not there yet has none."""
    found = sorted((ROOT / package).rglob("*.py")) or [ROOT / f"{package}.py"]
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for path in found
        if path.is_file()
    ]


def every(packages: Iterable[str]) -> Iterator[Source]:
    return (source for package in packages for source in sources(package))


def test_there_is_something_to_check() -> None:
    assert all(sources(package) for package in OURS)


def test_imports_follow_the_arrows() -> None:
    wrong = {
        source.name: used
        for source in every(ARROWS)
        if (
            used := source.roots
            - ARROWS[source.package]
            - ALSO.get(source.name, set())
            - set(sys.stdlib_module_names)
        )
    }
    assert wrong == {}


def test_nothing_imports_the_tests() -> None:
    """They import benchmarks, and beside them only each other."""
    assert [source.name for source in every(OURS - {"tests"}) if "tests" in source.roots] == []


def test_gradio_is_known_to_the_app_and_its_canvas_only() -> None:
    others = every(OURS - {"app", "ui", "tests"})
    assert [source.name for source in others if "gradio" in source.roots] == []


def test_imports_are_relative_inside_a_package_and_never_above_it() -> None:
    climbing = [
        source.name
        for source in every(ARROWS)
        if any(level > source.name.count("/") for level, _ in source.imports)
    ]
    assert climbing == []


def reads_unsafely(source: Source) -> list[str]:
    """What in a file may run what it reads; the writer may import pickle, but load nothing."""
    writer = source.name == WRITER
    found: list[str] = []
    for called, keywords in source.calls:
        name = called.removeprefix("builtins.")
        if name in ("eval", "exec", "compile", "__import__"):
            found.append(called)
        if called.startswith(("dill.", "joblib.", "cloudpickle.", "shelve.", "marshal.")):
            found.append(called)
        if keywords.get("allow_pickle", "False") != "False":
            found.append(called)
        if called == "torch.load" and keywords.get("weights_only") != "True":
            found.append(called)
    unsafe = {"pickle", "_pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}
    found += sorted(source.roots & (unsafe - {"pickle"} if writer else unsafe))
    attributes = [node for node in source.nodes if isinstance(node, ast.Attribute)]
    found += [node.attr for node in attributes if writer and node.attr in LOADING]
    return found + [name for name in source.named if name in HIDING]


def test_no_file_runs_what_it_reads() -> None:
    assert {s.name: unsafe for s in every(OURS) if (unsafe := reads_unsafely(s))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from pickle import loads", "import _pickle", "eval('1')", "exec('1')",
        "import builtins\nbuiltins.exec('1')", "compile('1', '', 'eval')", "import marshal",
        "torch.load(f)", "torch.load(f, weights_only=False)", "from torch import load",
        "np.load(f, allow_pickle=True)", "np.load(f, allow_pickle=flag)", "import dill",
        "__import__('os')",
    ],
)  # fmt: skip
def test_unsafe_reading_is_seen(text: str) -> None:
    assert reads_unsafely(Source("module.py", text)) != []


@pytest.mark.parametrize(
    "text", ["pickle.loads(b)", "pickle.Unpickler(f)", "from _pickle import x"]
)
def test_the_writer_of_pickles_may_not_read_them(text: str) -> None:
    assert reads_unsafely(Source(WRITER, "import pickle")) == []
    assert reads_unsafely(Source(WRITER, f"import pickle\n{text}")) != []


def test_the_opcodes_of_pickles_are_known_in_one_package_only() -> None:
    """And to what tries to deceive it."""
    assert [source.name for source in every(OURS) if "pickletools" in source.modules] == []
    others = [s for s in every(OURS - {"weights", "tests"}) if s.name != FUZZ]
    reader = "weights.reader"
    assert [s.name for s in others if any(m.startswith(reader) for m in s.modules)] == []


def test_modules_are_short_and_have_a_subject() -> None:
    long = {s.name: n for s in every(PACKAGES) if (n := len(s.text.splitlines())) > MOST_LINES}
    vague = [s.name for s in every(PACKAGES) if VAGUE & {*s.name.removesuffix(".py").split("/")}]
    assert (long, vague) == ({}, [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import torch.nn as nn, numpy", [(0, "torch.nn"), (0, "numpy")]),
        ("def f():\n    from ..drag import solve", [(2, "drag")]),
        ("from . import layers", [(1, "")]),
    ],
)
def test_the_reader_of_imports_sees_them_all(text: str, found: list[tuple[int, str]]) -> None:
    assert Source("module.py", text).imports == found
