"""MakeHuman's file formats, on texts small enough to read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.renderer.mesh import (
    Proxy,
    Surface,
    read_obj,
    read_proxy,
    read_target,
    select,
    vertex_normals,
)

SQUARE = """# two groups, one texture
v 0 0 0
v 1 0 0 0.5 0.5 0.5
v 1 1 0
v 0 1 0
v 0 2 1e-1
vt 0.0 0.0
vt 1.0 0.0
vt 1.0 1.0
vt 0.0 1.0
vt 0.25 0.75
g body
f 1/1 2/2 3/3 4/4
g joint-head
f 1 2 5
"""
PROXY = """# a comment
name patch  # another
x_scale 0 1 2.0
y_scale 1 2 0.5
z_scale 0 4 0.1
material patch.mhmat

verts 0
0 1 2 0.5 0.25 0.25 1.0 -1.0 10.0
3
# between

2 2 2 1 0 0 0 0 0
delete_verts
7 - 9
"""


def flat() -> Surface:
    return read_obj(SQUARE)[1]["body"]


def test_polygons_become_fans_of_triangles() -> None:
    vertices, groups = read_obj(SQUARE)
    assert vertices.shape == (5, 3)
    assert vertices[4].tolist() == pytest.approx([0, 2, 0.1])
    body = groups["body"]
    assert body.vertex[body.triangles].tolist() == [[0, 1, 2], [0, 2, 3]]
    assert body.uv[body.triangles[1]].tolist() == [[0, 0], [1, 1], [0, 1]]


@given(st.integers(3, 12))
def test_a_polygon_of_n_corners_is_n_minus_two_triangles(corners: int) -> None:
    points = "".join(f"v {k} {k * k} 0\n" for k in range(corners))
    _, groups = read_obj(points + "f " + " ".join(str(k + 1) for k in range(corners)))
    body = groups[""]
    assert len(body.triangles) == corners - 2
    assert sorted(set(body.triangles.ravel().tolist())) == list(range(corners))


def test_a_vertex_at_a_seam_of_the_texture_is_a_corner_for_each_place() -> None:
    text = SQUARE + "g body\nf 1/5 4/4 5/2\nf 1/1 4/4 5/2//\n"
    body = read_obj(text)[1]["body"]
    assert body.vertex.tolist().count(0) == 2  # vertex 1 is at 1 and at 5 of the texture
    assert body.vertex.tolist().count(3) == 1  # vertex 4 is at 4 in all three polygons
    assert body.uv[body.triangles[2, 0]].tolist() == [0.25, 0.75]
    assert body.uv[body.triangles[3, 0]].tolist() == [0, 0]


def test_faces_without_a_texture_show_its_first_place() -> None:
    joint = read_obj(SQUARE)[1]["joint-head"]
    assert joint.vertex.tolist() == [0, 1, 4]
    assert joint.uv.tolist() == [[0, 0]] * 3
    bare = read_obj("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1//1 2//1 3//1\n")[1][""]
    assert bare.uv.tolist() == [[0, 0]] * 3


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_proxy_is_read_with_any_line_endings_and_no_words_after_its_vertices(ending: str) -> None:
    proxy = read_proxy(PROXY.replace("\n", ending), flat())
    assert proxy.base.tolist() == [[0, 1, 2], [3, 3, 3], [2, 2, 2]]
    assert proxy.weights.tolist() == [[0.5, 0.25, 0.25], [1, 0, 0], [1, 0, 0]]
    assert proxy.offset.tolist() == [[1, -1, 10], [0, 0, 0], [0, 0, 0]]
    assert proxy.scale.tolist() == [[0, 1], [1, 2], [0, 4]]
    assert proxy.scale_at.tolist() == pytest.approx([2, 0.5, 0.1])


def test_words_between_verts_and_the_first_vertex_are_passed_over() -> None:
    text = PROXY.replace("verts 0\n", "verts 0\nweights none\n")
    assert len(read_proxy(text, flat()).base) == 3


def test_offsets_grow_with_the_distances_that_a_proxy_names() -> None:
    base, proxy = read_obj(SQUARE)[0], read_proxy(PROXY, flat())
    # x: 1 of 2.0 as wide; y: 1 of 0.5 as high; z: 0.1 of 0.1 as deep.
    expected = [[0.5 + 0.5, 0.25 - 2, 10], [0, 1, 0], [1, 1, 0]]
    np.testing.assert_allclose(proxy.fit(base), expected, rtol=1e-6)
    np.testing.assert_allclose(proxy.fit(3 * base), 3 * np.array(expected), rtol=1e-6)


def test_a_proxy_follows_where_the_base_mesh_is_moved() -> None:
    base, proxy = read_obj(SQUARE)[0], read_proxy(PROXY, flat())
    away = np.array([1, 2, -3], dtype=np.float32)
    np.testing.assert_allclose(proxy.fit(base + away), proxy.fit(base) + away, rtol=1e-5)


def test_sizes_do_not_turn_a_proxy_inside_out() -> None:
    base, proxy = read_obj(SQUARE)[0], read_proxy(PROXY, flat())
    swapped = Proxy(
        proxy.surface, proxy.base, proxy.weights, proxy.offset, proxy.scale[:, ::-1], proxy.scale_at
    )
    np.testing.assert_array_equal(swapped.fit(base), proxy.fit(base))


def test_targets_are_read_without_comments_and_may_be_empty() -> None:
    index, moved = read_target("# basemesh hm08\n\n12 .5 -1 0\n7 0 0 1e-3\n")
    assert index.tolist() == [12, 7]
    np.testing.assert_allclose(moved, [[0.5, -1, 0], [0, 0, 1e-3]])
    index, moved = read_target("# nothing\r\n\r\n")
    assert index.shape == (0,)
    assert moved.shape == (0, 3)


def test_a_selection_keeps_triangles_whose_vertices_are_all_kept() -> None:
    body = flat()
    part = select(body, [True, True, True, False, True])
    assert part.vertex[part.triangles].tolist() == [[0, 1, 2]]
    np.testing.assert_array_equal(part.uv, body.uv[:3])
    assert len(part.vertex) == 3
    whole = select(body, np.ones(5, dtype=bool))
    assert whole.vertex[whole.triangles].tolist() == body.vertex[body.triangles].tolist()
    assert len(select(body, [False] * 5).triangles) == 0


def test_the_normals_of_a_ball_point_away_from_its_middle() -> None:
    turn, rings = np.linspace(0, 2 * np.pi, 24, endpoint=False), np.linspace(0.2, np.pi - 0.2, 15)
    ball = np.array([
        (np.sin(r) * np.sin(t), np.cos(r), np.sin(r) * np.cos(t)) for r in rings for t in turn
    ])  # fmt: skip
    quads = [
        (24 * r + t, 24 * r + 24 + t, 24 * r + 24 + (t + 1) % 24, 24 * r + (t + 1) % 24)
        for r in range(14)
        for t in range(24)
    ]
    triangles = np.array([(a, b, c) for a, b, c, _ in quads] + [(a, c, d) for a, _, c, d in quads])
    normals = vertex_normals(2 * ball.astype("f4"), triangles.astype("i4"))
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, rtol=1e-5)
    inner = slice(24, -24)  # the ends are open
    assert (normals * ball)[inner].sum(1).min() > 0.99


def test_the_normal_of_a_vertex_without_area_is_nought() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]], dtype=np.float32)
    normals = vertex_normals(vertices, np.array([[0, 1, 2]], dtype=np.int32))
    assert normals.tolist() == [[0, 0, 1]] * 3 + [[0, 0, 0]]


def test_larger_triangles_count_for_more_in_a_normal() -> None:
    vertices = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 1]], dtype=np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)  # areas 2 and 1, facing z and x
    shared = vertex_normals(vertices, triangles)[0]
    np.testing.assert_allclose(shared, np.array([1, 0, 2]) / np.sqrt(5), rtol=1e-5)
