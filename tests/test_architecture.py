"""The arrows of the design, held over every import, and what no file may do."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES = 250
VAGUE = {"utils", "common", "core"}
# What each package may import, beside the standard library and itself.
ARROWS = {
    "stylegan": {"torch", "jaxtyping", "numpy"},
    "drag": {"torch", "jaxtyping"},
    "weights": {"stylegan", "safetensors", "huggingface_hub", "torch", "numpy", "jaxtyping"},
    "inversion": {"stylegan", "torch", "cv2", "PIL", "lpips", "numpy", "jaxtyping"},
    "editor": {"weights", "inversion", "drag", "stylegan"}
    | {"numpy", "PIL", "av", "torch", "tqdm", "jaxtyping"},
    "ui": {"editor", "inversion", "drag", "gradio", "numpy", "PIL"},
    "app": {"ui", "editor", "gradio", "spaces"},
    "training": {"stylegan", "weights", "inversion", "torch", "torchvision"}
    | {"cv2", "moderngl", "numpy", "PIL", "tqdm", "jaxtyping"},
}
ALSO = {"editor/drawing.py": {"cv2"}, "ui/gpu.py": {"spaces", "torch"}}
PACKAGES = [name for name in ARROWS if name not in ("app", "training")]
OURS = {*ARROWS, "benchmarks", "tests"}
WRITER = "tests/pickle_writer.py"  # writes pickles for the tests to read, and reads none
HIDING = {"builtins.eval", "builtins.exec", "builtins.compile", "torch.load"}
LOADING = {"load", "loads", "Unpickler", "_Unpickler", "_load", "_loads", "find_class"}


def files(*packages: str) -> list[Path]:
    """The modules of these packages; a package that is not there yet has none."""
    found = [path for name in packages for path in (ROOT / name).rglob("*.py")]
    return sorted(found + [path for name in packages if (path := ROOT / f"{name}.py").is_file()])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def each(*packages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", files(*packages), ids=name_of)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(0 if absolute, else how many dots; the module's full name) of each import."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def calls(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(what is called, its keywords) as source text."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield (
                ast.unparse(node.func),
                {k.arg or "**": ast.unparse(k.value) for k in node.keywords},
            )


def test_there_is_something_to_check() -> None:
    assert {"stylegan", "drag"} <= {path.parent.name for path in files(*PACKAGES)}


@each(*ARROWS)
def test_imports_follow_the_arrows(path: Path) -> None:
    package = name_of(path).split("/")[0].removesuffix(".py")
    allowed = ARROWS[package] | ALSO.get(name_of(path), set()) | set(sys.stdlib_module_names)
    used = {module.split(".")[0] for level, module in imports(path) if level == 0}
    assert used <= allowed, sorted(used - allowed)


@each(*OURS)
def test_gradio_is_known_to_the_app_and_its_canvas_only(path: Path) -> None:
    if name_of(path) == "app.py" or name_of(path).split("/")[0] in ("ui", "tests"):
        return
    assert "gradio" not in {module.split(".")[0] for _, module in imports(path)}


@each(*ARROWS)
def test_imports_are_relative_inside_a_package_and_never_above_it(path: Path) -> None:
    deep = len(path.relative_to(ROOT).parents) - 1
    assert all(level <= deep for level, _ in imports(path)), "climbs out of its package"


def reads_unsafely(path: Path, writer: bool = False) -> list[str]:
    """What in a file may run what it reads; a ``writer`` may import pickle, but load nothing."""
    found: list[str] = []
    for called, keywords in calls(path):
        name = called.removeprefix("builtins.")
        if name in ("eval", "exec", "compile", "__import__"):
            found.append(called)
        if called.startswith(("dill.", "joblib.", "cloudpickle.", "shelve.", "marshal.")):
            found.append(called)
        if keywords.get("allow_pickle", "False") != "False":
            found.append(called)
        if called == "torch.load" and keywords.get("weights_only") != "True":
            found.append(called)
    modules = {module.split(".")[0] for _, module in imports(path)}
    unsafe = {"pickle", "_pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}
    found += sorted(modules & (unsafe - {"pickle"} if writer else unsafe))
    tree = ast.parse(path.read_text("utf-8"))
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    found += [node.attr for node in attributes if writer and node.attr in LOADING]
    return found + [name for name in named(tree) if name in HIDING]


def named(tree: ast.AST) -> Iterator[str]:
    """The full names of what is imported by name from a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@each(*OURS)
def test_no_file_runs_what_it_reads(path: Path) -> None:
    assert reads_unsafely(path, name_of(path) == WRITER) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "import _pickle", "eval('1')", "exec('1')",
        "import builtins\nbuiltins.exec('1')", "compile('1', '', 'eval')", "import marshal",
        "torch.load(f)", "torch.load(f, weights_only=False)", "from torch import load",
        "np.load(f, allow_pickle=True)", "np.load(f, allow_pickle=flag)", "import dill",
        "__import__('os')",
    ],
)  # fmt: skip
def test_unsafe_reading_is_seen(source: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert reads_unsafely(path) != []


@pytest.mark.parametrize(
    "source", ["pickle.loads(b)", "pickle.Unpickler(f)", "from _pickle import x"]
)
def test_the_writer_of_pickles_may_not_read_them(source: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(f"import pickle\n{source}")
    assert reads_unsafely(path, writer=True) != []


@each(*OURS)
def test_the_opcodes_of_pickles_are_known_in_one_package_only(path: Path) -> None:
    """And to what tries to deceive it."""
    package = name_of(path).split("/")[0]
    modules = {module for level, module in imports(path) if level == 0}
    assert "pickletools" not in modules
    if package not in ("weights", "tests") and name_of(path) != "benchmarks/weights_fuzz.py":
        assert not {"weights.opcodes", "weights.pickles", "weights.objects"} & modules


@each(*PACKAGES)
def test_modules_are_short_and_have_a_subject(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES
    assert not VAGUE & {*path.relative_to(ROOT).parts, path.stem}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import torch.nn as nn, numpy", [(0, "torch.nn"), (0, "numpy")]),
        ("def f():\n    from ..drag import solve", [(2, "drag")]),
        ("from . import layers", [(1, "")]),
    ],
)
def test_the_reader_of_imports_sees_them_all(
    source: str, found: list[tuple[int, str]], tmp_path: Path
) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert list(imports(path)) == found
