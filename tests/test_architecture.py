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


@each(*OURS)
def test_no_file_runs_what_it_reads(path: Path) -> None:
    for called, keywords in calls(path):
        assert called not in ("eval", "exec", "compile", "builtins.eval", "builtins.exec"), called
        assert not called.startswith(("pickle.", "dill.", "joblib.")), called
        assert keywords.get("allow_pickle", "False") == "False", called
        if called == "torch.load":
            assert keywords.get("weights_only") == "True", called
    assert "pickle" not in {module for _, module in imports(path)}


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
