"""The README's Python block works as printed."""

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image
from skimage.data import astronaut

ROOT = Path(__file__).parent.parent
CHECK = "assert edited.shape == photo.shape and (edited != photo).any()\n"


FEW_STEPS = """
from dataclasses import replace as changed
from inversion import BUDGETS
quick = BUDGETS["quick"]
BUDGETS["balanced"] = changed(quick, project=changed(quick.project, steps=15))
"""


def test_the_python_block_edits_a_photo(tmp_path: Path):
    Image.fromarray(astronaut()).save(tmp_path / "me.jpg", quality=95)
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "block.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{FEW_STEPS}{block}{CHECK}"
    )
    ran = subprocess.run([sys.executable, "block.py"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
