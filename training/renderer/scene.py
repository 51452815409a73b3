"""Draw one head with OpenGL: the picture, and for each pixel the point of the neutral face."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import moderngl
import numpy as np
from jaxtyping import Float32, UInt8, UInt16

from .mesh import Surface, vertex_normals

SHADERS = Path(__file__).with_name("shaders")
LABELS = ("background", "skin", "hair", "eyes", "mouth", "clothes")
KINDS = {
    "skin": 1, "hair": 2, "eyes": 3, "mouth": 4, "brows": 6, "lashes": 7
}  # fmt: skip
OVERLAYS = ("brows", "lashes")  # lie on the skin, whose points they show
SOLID = ("skin", "mouth")
SIDE, FINE, COARSE, SHADOW_SIDE = 256, 384, 128, 256  # px
BOX = np.array([[-2.6, 4.3, -2.6], [2.6, 9.4, 2.6]])  # of canonical coordinates, decimetres
HEADLESS: Any = {"backend": "egl"}  # no window and no screen; moderngl's types do not know it
ALPHA_TO_COVERAGE, ALPHA_TO_ONE = 0x809E, 0x809F


@dataclass(frozen=True)
class Part:
    """A surface in its place; per vertex: clip coordinates, place in the view, neutral place."""

    kind: str
    surface: Surface
    clip: np.ndarray
    view: np.ndarray
    rest: np.ndarray
    textures: str
    layer: tuple[int, ...] = (0,)
    share: tuple[float, ...] = (1.0,)
    opacity: float = 1.0


@dataclass(frozen=True)
class Shading:
    """Light and colours of a scene: the values of the shaders' inputs of the same names."""

    key_direction: np.ndarray
    inputs: dict[str, object]
    background: dict[str, object]


class Scene:
    """An OpenGL context without a window, with the textures of one set of assets."""

    def __init__(self, textures: dict[str, list[UInt8[np.ndarray, "s s 4"]]]):
        self.gl = moderngl.create_standalone_context(**HEADLESS)
        self.textures = {name: self._array(layers) for name, layers in textures.items()}
        source = {file.name: file.read_text("utf-8") for file in SHADERS.iterdir()}
        self.gl.includes["collar.glsl"] = source["collar.glsl"]
        pairs = {
            "rest": ("surface", "rest"), "shadow": ("shadow", "shadow"),
            "background": ("background", "background"),
        }  # fmt: skip
        self.programs = {
            name: self.gl.program(source[f"{vertex}.vert"], source[f"{fragment}.frag"])
            for name, (vertex, fragment) in pairs.items()
        }
        for name, number in KINDS.items():
            fragment = source["surface.frag"].replace("KIND", str(number))
            self.programs[name] = self.gl.program(source["surface.vert"], fragment)
        self.noise = self._noise()
        self.fine: dict[int, list[moderngl.Framebuffer]] = {}  # by the picture's side
        self.coarse: dict[int, moderngl.Framebuffer] = {}
        self.shadow = self.gl.depth_texture((SHADOW_SIDE, SHADOW_SIDE))
        self.shadow.compare_func = "<="
        self.shadow_buffer = self.gl.framebuffer(depth_attachment=self.shadow)
        quad = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], dtype="f4")
        self.quad = self.gl.vertex_array(
            self.programs["background"], [(self.gl.buffer(quad.tobytes()), "2f", "corner")]
        )

    def _array(self, layers: list[np.ndarray]) -> moderngl.TextureArray:
        side = len(layers[0])
        data = b"".join(layer.tobytes() for layer in layers)
        texture = self.gl.texture_array((side, side, len(layers)), 4, data)
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        return texture

    def _noise(self) -> moderngl.Texture3D:
        """Smooth noise that repeats: random numbers at 32^3 points."""
        values = np.random.default_rng(0).integers(0, 256, (32, 32, 32), dtype=np.uint8)
        return self.gl.texture3d((32, 32, 32), 1, values.tobytes())

    def _fine(self, side: int) -> list[moderngl.Framebuffer]:
        """With four samples a pixel, and with one."""
        if side not in self.fine:
            whole = side * FINE // SIDE
            kinds = [self.gl.simple_framebuffer((whole, whole), 4, samples=n) for n in (4, 0)]
            self.fine[side] = kinds
        return self.fine[side]

    def _coarse(self, side: int) -> moderngl.Framebuffer:
        """With floats for colours."""
        if side not in self.coarse:
            colour = self.gl.texture((side, side), 4, dtype="f4")
            depth = self.gl.depth_renderbuffer((side, side))
            self.coarse[side] = self.gl.framebuffer([colour], depth)
        return self.coarse[side]

    def picture(
        self, parts: list[Part], shading: Shading, side: int = SIDE
    ) -> UInt8[np.ndarray, "side side 3"]:
        """The portrait, drawn half as large again with four samples a pixel."""
        light = light_space(shading.key_direction)
        self.shadow_buffer.use()
        self.gl.enable_only(moderngl.DEPTH_TEST)
        self.shadow_buffer.clear(depth=1.0)
        self._draw("shadow", [p for p in parts if p.kind in ("skin", "hair")], light, {})
        samples, resolved = self._fine(side)
        samples.use()
        samples.clear(depth=1.0)
        for name, value in shading.background.items():
            self.programs["background"][name] = value
        self.gl.enable_only(moderngl.NOTHING)
        self.quad.render(moderngl.TRIANGLE_STRIP)
        self.shadow.use(1)
        self.noise.use(2)
        for solid in (True, False):
            self._blend(solid)
            for part in parts:
                if (part.kind in SOLID) == solid:
                    self._draw(part.kind, [part], light, shading.inputs)
        self._blend(True)
        self.gl.copy_framebuffer(resolved, samples)
        data = np.frombuffer(resolved.read(components=3), dtype=np.uint8)
        fine = data.reshape(resolved.height, resolved.width, 3)[::-1]
        return cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA).astype(np.uint8)

    def places(
        self, parts: list[Part], shading: Shading, side: int = COARSE
    ) -> Float32[np.ndarray, "side side 4"]:
        """(x, y, z of the neutral face, label) at each pixel's centre; 0 in the background."""
        buffer = self._coarse(side)
        buffer.use()
        self.gl.enable_only(moderngl.DEPTH_TEST)
        buffer.clear(depth=1.0)
        drawn = [part for part in parts if part.kind not in OVERLAYS]
        self._draw("rest", drawn, None, shading.inputs)
        data = np.frombuffer(buffer.read(components=4, dtype="f4"), dtype=np.float32)
        return data.reshape(side, side, 4)[::-1]

    def _blend(self, solid: bool) -> None:
        """Solid parts hide their backs; hair and brows are as dense as their texture says."""
        self.gl.enable_only(moderngl.DEPTH_TEST | (moderngl.CULL_FACE if solid else 0))
        for switch in (ALPHA_TO_COVERAGE, ALPHA_TO_ONE):
            (self.gl.disable_direct if solid else self.gl.enable_direct)(switch)

    def _draw(
        self, name: str, parts: list[Part], light: np.ndarray | None, inputs: dict[str, object]
    ) -> None:
        program = self.programs[name]
        for key, value in inputs.items():
            _set(program, key, value)
        if light is not None:
            _set(program, "light_space", tuple(light.T.astype(float).ravel()))
        _set(program, "shadow", 1)
        _set(program, "noise", 2)
        for part in parts:
            self._draw_part(program, part)

    def _draw_part(self, program: moderngl.Program, part: Part) -> None:
        self.textures[part.textures].use(0)
        layer = (list(part.layer) + [0] * 4)[:4]
        share = (list(part.share) + [0.0] * 4)[:4]
        values = {"layers": 0, "kind": KINDS[part.kind], "layer": layer, "share": share}
        for key, value in (values | {"opacity": part.opacity}).items():
            _set(program, key, value)
        triangles = part.surface.vertex[part.surface.triangles]
        normals = vertex_normals(part.view, triangles)
        corner = part.surface.vertex
        rows = (part.clip[corner], part.view[corner], normals[corner], part.rest[corner])
        data = np.concatenate([*rows, part.surface.uv], axis=1).astype("f4")
        names = ("clip", "view", "normal", "rest", "uv")
        used = [key if key in program else None for key in names]
        layout = " ".join(
            f"{n}f" if key else f"{n}x4" for n, key in zip((4, 3, 3, 3, 2), used, strict=True)
        )
        vertices = self.gl.buffer(data.tobytes())
        indices = self.gl.buffer(part.surface.triangles.astype("i4").tobytes())
        content = [(vertices, layout, *(key for key in used if key))]
        array = self.gl.vertex_array(program, content, indices)
        array.render()
        for thing in (array, indices, vertices):
            thing.release()


def _set(program: moderngl.Program, name: str, value: object) -> None:
    """Set an input if this program has it; of an array, as much as it uses."""
    if name in program:
        uniform = cast(moderngl.Uniform, program[name])
        if isinstance(value, list):
            value = value[: uniform.array_length]
            value = value if uniform.array_length > 1 else value[0]
        uniform.value = value


def light_space(direction: np.ndarray) -> Float32[np.ndarray, "4 4"]:
    """From the view to a parallel light's depth map, which covers 3 decimetres around the head."""
    z = direction / np.linalg.norm(direction)
    x = np.cross([0, 1, 0], z)
    x /= np.linalg.norm(x)
    turn = np.stack([x, np.cross(z, x), -z]) / 3.0
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, :3] = turn
    matrix[:3, 3] = -turn @ np.array([0, 0.3, 0.4])
    return matrix


def quantised(places: Float32[np.ndarray, "h w 4"]) -> UInt16[np.ndarray, "h w 4"]:
    """Coordinates from BOX to 0..65535; the label as it is."""
    scaled = (places[..., :3] - BOX[0]) / (BOX[1] - BOX[0]) * 65535
    covered = places[..., 3:] > 0
    numbers = np.concatenate([np.clip(scaled.round(), 0, 65535) * covered, places[..., 3:]], 2)
    return numbers.astype(np.uint16)
