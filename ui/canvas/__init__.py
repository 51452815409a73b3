"""The canvas: one picture to draw on, in the browser and as Gradio sees it."""

from .component import DragCanvas as DragCanvas
from .drawn import CanvasState as CanvasState
from .drawn import read_drawn as read_drawn
from .drawn import write_drawn as write_drawn
