"""What goes into the image: all that the app needs, and nothing else."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_image_holds_the_packages_and_no_more() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = project["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {name.removesuffix("*") for name in found}
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == packages | {
        "app.py", "LICENSE", "NOTICE", "requirements.txt",
    }  # fmt: skip


def test_the_app_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER dragphoto") < lines.index('CMD ["python", "app.py"]')
    assert "EXPOSE 7860" in lines
