"""Assets as Blender meshes, each made once: embedded and catalogued ones from arrays, scanned ones from GLB and OBJ files."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.files import FILE_SOURCE, FileKey, ModelFileError, file_key, file_shape, parse_file_key
from gsi_bench_builders.assets.library import Part, asset
from gsi_bench_builders.assets.mesh import Mesh
from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.blender.session import blender
from gsi_bench_builders.engines.blender.shading import Shading

__all__ = ["Meshes", "mesh_arrays"]


class Meshes:
    """Blender meshes of this session by the key of their asset."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}
        self._shading = Shading()

    def mesh(self, key: str) -> Any:
        """The mesh of an asset, around the centre of its box.

        Raises:
            EngineError: the asset is unknown or its file cannot be read.
        """
        if key not in self._made:
            if key.partition(":")[0] == FILE_SOURCE:
                try:
                    self._made[key] = _from_file(parse_file_key(key))
                except ModelFileError as error:
                    raise EngineError(str(error)) from error
            else:
                try:
                    parts = asset(key).parts
                except KeyError as error:
                    raise EngineError(str(error.args[0])) from error
                except ModelFileError as error:
                    raise EngineError(str(error)) from error
                self._made[key] = self.from_parts(key, parts)
        return self._made[key]

    def from_parts(self, name: str, parts: Sequence[Part]) -> Any:
        """One mesh of several parts, a material slot for each."""
        import bmesh  # noqa: PLC0415 - part of bpy

        bpy = blender()
        whole = bmesh.new()
        made = bpy.data.meshes.new(name)
        for number, part in enumerate(parts):
            piece = _blender_mesh(part.mesh, part.smooth_deg)
            piece.polygons.foreach_set("material_index", np.full(len(piece.polygons), number, dtype=np.int32))
            whole.from_mesh(piece)
            bpy.data.meshes.remove(piece)
            made.materials.append(self._shading.material(part.material))
        whole.to_mesh(made)
        whole.free()
        return made


def _blender_mesh(mesh: Mesh, smooth_deg: float) -> Any:
    made = blender().data.meshes.new("part")
    corners = (mesh.faces >= 0).sum(axis=1)
    loops = mesh.faces[mesh.faces >= 0]
    made.vertices.add(len(mesh.vertices))
    made.vertices.foreach_set("co", mesh.vertices.astype(np.float32).ravel())
    made.loops.add(len(loops))
    made.loops.foreach_set("vertex_index", loops.astype(np.int32))
    made.polygons.add(len(corners))
    made.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(corners)[:-1]]).astype(np.int32))
    if mesh.uv is not None:
        layer = made.uv_layers.new(name="uv")
        layer.uv.foreach_set("vector", mesh.uv[mesh.faces >= 0].astype(np.float32).ravel())
    else:
        made.uv_layers.new(name="uv")  # so that every part has the layer when they are joined
    made.update(calc_edges=True)
    if smooth_deg > 0:
        made.set_sharp_from_angle(angle=math.radians(smooth_deg))
    else:
        made.polygons.foreach_set("use_smooth", np.zeros(len(corners), dtype=bool))
    return made


def _from_file(key: FileKey) -> Any:
    bpy = blender()
    path = key.path
    readers: dict[str, Callable[..., Any]] = {
        ".glb": bpy.ops.import_scene.gltf,
        ".gltf": bpy.ops.import_scene.gltf,
        ".obj": bpy.ops.wm.obj_import,
    }
    if path.suffix.lower() not in readers:
        raise EngineError(f"{path}: expected a file of {', '.join(readers)}")
    if not path.exists():
        raise EngineError(f"{path}: there is no such file")
    file_shape(file_key(path, key.up, key.scale))  # Blender is given only what was looked at: it believes what files say
    before = set(bpy.data.objects)
    try:
        readers[path.suffix.lower()](filepath=str(path))
    except Exception as error:  # the importers raise whatever their parsers raise
        raise EngineError(f"{path}: Blender cannot read it ({str(error).strip() or type(error).__name__})") from error
    brought = [o for o in bpy.data.objects if o not in before]
    solid = [o for o in brought if o.type == "MESH" and len(o.data.polygons)]
    if not solid:
        raise EngineError(f"{path}: there is no surface in it")
    joined = _joined(solid, key)
    for obj in brought:
        bpy.data.objects.remove(obj)
    return joined


def _joined(objects: Sequence[Any], key: FileKey) -> Any:
    """One mesh with the objects' transforms in it, as the key reads the file, around the centre of its box."""
    import bmesh  # noqa: PLC0415 - part of bpy
    from mathutils import Matrix, Vector  # noqa: PLC0415

    bpy = blender()
    bpy.context.view_layer.update()  # else the transforms of new objects are not known yet
    # The importers take every file for y-up.
    to_own = Matrix.Scale(key.scale, 4) @ (Matrix.Rotation(math.radians(-90), 4, "X") if key.up == "z" else Matrix())
    whole, made = bmesh.new(), bpy.data.meshes.new("scan")
    for obj in objects:
        piece = obj.data.copy()
        piece.transform(to_own @ obj.matrix_world)
        if obj.matrix_world.determinant() < 0:
            piece.flip_normals()
        first = len(made.materials)
        slots = np.zeros(len(piece.polygons), dtype=np.int32)
        piece.polygons.foreach_get("material_index", slots)
        piece.polygons.foreach_set("material_index", slots + first)
        for material in piece.materials or [None]:
            made.materials.append(material)
        whole.from_mesh(piece)
        bpy.data.meshes.remove(piece)
    # What no face uses is not part of the object's box.
    bmesh.ops.delete(whole, geom=[v for v in whole.verts if not v.link_faces], context="VERTS")
    whole.to_mesh(made)
    whole.free()
    points, _ = mesh_arrays(made)
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    made.transform(Matrix.Translation(-Vector(centre.tolist())))
    return made


def mesh_arrays(mesh: Any) -> tuple[NDArray[np.float64], list[tuple[int, ...]]]:
    """Vertices (n×3) and polygons of a Blender mesh."""
    points = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3).astype(np.float64), [tuple(p.vertices) for p in mesh.polygons]
