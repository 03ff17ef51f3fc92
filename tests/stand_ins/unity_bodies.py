"""Solid boxes in a room, as Unity has them (left-handed, y up): poses, collisions, falling, pictures. For `unity_stand_in`."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

# Signs of Unity's corner points, in its order.
CORNERS = np.array(
    [(1, -1, 1), (-1, -1, 1), (-1, -1, -1), (1, -1, -1), (1, 1, 1), (-1, 1, 1), (-1, 1, -1), (1, 1, -1)], dtype=float
)
ROOM = np.array([[0.0, 0.0, 0.0], [5.0, 2.5, 4.0]])  # its corners; the outer walls lie outside
FAR = 20.0


def rotation_matrix(angles):
    """Ry Rx Rz, degrees."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return y @ x @ z


@dataclasses.dataclass
class Body:
    """A box. `offset`: from the pivot to its centre, own axes; `where`: rests on this type at the start, None: as it is."""

    id: str
    kind: str
    pivot: np.ndarray
    angles: np.ndarray
    size: np.ndarray
    offset: np.ndarray
    pickupable: bool = False
    moveable: bool = False
    receptacle: bool = False
    enabled: bool = True
    kinematic: bool = False

    @property
    def rotation(self):
        return rotation_matrix(self.angles)

    @property
    def centre(self):
        return self.pivot + self.rotation @ self.offset

    @property
    def corners(self):
        return self.centre + (CORNERS * self.size / 2) @ self.rotation.T

    @property
    def dynamic(self):
        return self.enabled and (self.pickupable or self.moveable)

    @property
    def colour(self):
        return tuple(32 + b % 220 for b in hashlib.sha256(self.id.encode()).digest()[:3])


def penetration(a, b):
    """How deep two boxes are in each other, metres (separating axes); negative: how far apart at least."""
    axes = [*a.rotation.T, *b.rotation.T]
    axes += [np.cross(p, q) for p in a.rotation.T for q in b.rotation.T]
    deepest = np.inf
    for axis in axes:
        length = np.linalg.norm(axis)
        if length < 1e-6:
            continue
        one, two = a.corners @ axis / length, b.corners @ axis / length
        deepest = min(deepest, min(one.max(), two.max()) - max(one.min(), two.min()))
    return deepest


def overlap_flat(a, b):
    """Whether two boxes lie over each other, seen from above."""
    for body in (a, b):
        for axis in body.rotation.T:
            flat = np.array([axis[0], 0.0, axis[2]])
            if np.linalg.norm(flat) > 1e-6:
                one, two = a.corners @ flat, b.corners @ flat
                if min(one.max(), two.max()) - max(one.min(), two.min()) < 1e-4 * np.linalg.norm(flat):
                    return False
    return True


def fall(body, others):
    """Lowers a body onto the highest top under it."""
    base = body.corners[:, 1].min()
    tops = [o.corners[:, 1].max() for o in others if o.enabled and o is not body and overlap_flat(body, o)]
    below = [t for t in tops if t <= base + 2e-3]
    body.pivot = body.pivot + (0, max(below, default=0.0) - base, 0)


def settle(bodies):
    """Everything that can fall does, lowest first."""
    for body in sorted((b for b in bodies if b.dynamic and not b.kinematic), key=lambda b: b.corners[:, 1].min()):
        fall(body, [b for b in bodies if b is not body])


def furnish(scene):
    """The bodies of a scene: walls, fixed and loose furniture, small things. Where they stand depends on the name."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(scene.encode()).digest()[:4], "big"))
    low, high = ROOM
    shell = []
    for axis, name in ((1, "Floor"), (0, "Wall"), (2, "Wall")):
        for side, at in ((-1, low), (1, high)):
            size = high - low + 0.2
            size[axis] = 0.1
            centre = (low + high) / 2
            centre[axis] = at[axis] + side * 0.05
            kind = "Ceiling" if (axis, side) == (1, 1) else name
            shell.append((kind, centre, size))
    made = [_body(kind, c - (0, s[1] / 2, 0), 0, s, {"receptacle": kind == "Floor"}) for kind, c, s in shell]
    loose, small, fixed = {"moveable": True}, {"pickupable": True}, {"receptacle": True}
    table = np.array([2.6, 0, 2.6]) + (*rng.uniform(-0.2, 0.2, 1), 0, *rng.uniform(-0.2, 0.2, 1))
    top = table + (0, 0.75, 0)
    shift = rng.uniform(-0.04, 0.04, (5, 2))
    made += [
        _body("DiningTable", table, 0, (1.2, 0.75, 0.8), loose | fixed),
        _body("CounterTop", (4.7, 0, 2), 0, (0.6, 0.9, 2.0), fixed),
        _body("Chair", table + (-1.0, 0, 0), 90, (0.45, 0.9, 0.45), loose),
        _body("Chair", table + (0, 0, 0.8), 0, (0.45, 0.9, 0.45), loose),
        _body("GarbageCan", (0.4, 0, 3.5), 0, (0.3, 0.4, 0.3), loose),
        _body("Mug", top + (-0.35 + shift[0, 0], 0, -0.15 + shift[0, 1]), 30, (0.12, 0.1, 0.09), small | fixed, (0.012, 0, 0)),
        _body("Laptop", top + (0.3 + shift[1, 0], 0, 0.1 + shift[1, 1]), 160, (0.34, 0.22, 0.25), small),
        _body("Bowl", top + (0.02 + shift[2, 0], 0, 0.12 + shift[2, 1]), 0, (0.16, 0.08, 0.16), small | fixed),
        _body("Book", top + (0.0 + shift[3, 0], 0, -0.2 + shift[3, 1]), 75, (0.15, 0.05, 0.21), small),
        _body("RemoteControl", (4.6, 0.9, 2.2), 200, (0.05, 0.03, 0.18), small),
        _body("Vase", top + (-0.3 + shift[4, 0], 0, 0.22 + shift[4, 1]), 45, (0.12, 0.25, 0.12), small),
    ]
    settle(made)
    return made


def _body(kind, base, yaw, size, flags, aside=(0, 0, 0)):
    size = np.array(size, dtype=float)
    base = np.array(base, dtype=float)
    place = "|".join(f"{v:+06.2f}" for v in base)
    offset = np.array([0, size[1] / 2, 0]) + aside  # the pivot is at the base, and not always in its middle
    return Body(f"{kind}|{place}", kind, base, np.array([0.0, yaw, 0.0]), size, offset, **flags)


@dataclasses.dataclass
class Picture:
    """What a camera sees: which body (its number in the list, -1 for none), how far along the axis, how bright."""

    which: np.ndarray
    depth: np.ndarray
    shade: np.ndarray


def look(bodies, at, angles, fov, width, height):
    """Rays through the pixels' centres against all boxes, exactly."""
    focal = height / 2 / np.tan(np.radians(fov) / 2)
    turn = rotation_matrix(angles)
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack([(u - width / 2) / focal, -(v - height / 2) / focal, np.ones_like(u)], -1)  # one metre along the axis
    picture = Picture(np.full((height, width), -1), np.full((height, width), np.inf), np.zeros((height, width)))
    for number, body in enumerate(bodies):
        if not body.enabled:
            continue
        x, y, z = ((body.corners - at) @ turn).T
        window = np.s_[:, :]
        if z.max() < 0.02:
            continue
        if z.min() > 0.02:  # only the pixels around its corners can show it
            across, down = x / z * focal + width / 2, -y / z * focal + height / 2
            (left, right), (top, bottom) = (
                np.clip((a.min() - 1, a.max() + 2), 0, n) for a, n in ((across, width), (down, height))
            )
            window = np.s_[int(top) : int(bottom), int(left) : int(right)]
        hit_by(body, number, (at - body.centre) @ body.rotation, rays[window] @ (turn.T @ body.rotation), picture, window)
    return picture


def hit_by(body, number, origin, own, picture, window):
    """Enters a body into a picture where its rays (own axes) meet it first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (-body.size / 2 - origin) / own, (body.size / 2 - origin) / own
    enter, leave = np.minimum(one, two), np.maximum(one, two)
    axis, first = enter.argmax(-1), enter.max(-1)
    hit = (first < leave.min(-1)) & (first > 0.02) & (first < picture.depth[window])
    where = origin + own * np.where(hit, first, 0)[..., None]
    checks = np.floor(where / 0.05 + 0.01).sum(-1) % 2
    picture.depth[window] = np.where(hit, first, picture.depth[window])
    picture.which[window] = np.where(hit, number, picture.which[window])
    picture.shade[window] = np.where(hit, 0.55 + 0.15 * axis + 0.12 * checks, picture.shade[window])
