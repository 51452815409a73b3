"""Draw a photo with its head bent: background, head, then eyes and mouth.

Each pixel of the photo is resampled once, at its own size.
"""

import cv2
import numpy as np
from jaxtyping import Bool

from photo import Photo
from photo.crop import Crop, Quad

from .bend import bend
from .eyes import eye_layers
from .flow import sample
from .mouth import mouth_layer
from .rig import Pose, Rig, wide_crop

MOVED = 0.02  # px of the photo: what moves less has not moved


def paint(photo: Photo, quad: Quad, rig: Rig, pose: Pose) -> tuple[Photo, Bool[np.ndarray, "h w"]]:
    """(the edited photo, which of its pixels differ from the photo's own).

    Args:
        photo: its quad is that of the crop whose px the rig's are, at RIG_SIDE.
        quad: corners of the crop, px of the photo.
        rig: of the photo's head.
        pose: of the rig.
    """
    whole, edited = photo.copy(), np.zeros(photo.shape[:2], bool)
    if pose.rests(rig):
        return whole, edited
    wide = wide_crop(quad)
    part, shift = wide.part(photo), bend(rig, pose)
    y, x = np.mgrid[part].astype(np.float32)
    here, own = np.stack([x, y], -1), photo[part].astype(np.float32)
    uncovered, over = rig.backdrop.covered(shift)
    result = own
    if uncovered.any():
        layer = np.concatenate([uncovered[..., None], rig.backdrop.behind], 2)
        behind = wide.spread(layer, part)
        result = own + behind[..., :1].clip(0, 1) * (behind[..., 1:] - own)
    way = wide.spread(wide.motion_to_photo(shift), part)
    moves = np.abs(way).max(2) > MOVED
    alpha = (wide.spread(over[..., None], part).clip(0, 1) * moves)[..., None]
    head = sample(photo, here + way, cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101)
    result = result + alpha * (head - result)
    corner = np.array([part[1].start, part[0].start])
    for layer in (*eye_layers(photo, quad, rig, pose), *mouth_layer(photo, quad, rig, pose)):
        layer.onto(result, corner)
    made = np.clip(np.round(result), 0, 255).astype(np.uint8)
    if pose.fixed is not None:
        keep = Crop(quad, len(pose.fixed)).spread(pose.fixed[..., None].astype(np.float32), part)
        made = np.where(keep[..., None] > 0.5, photo[part], made)
    whole[part], edited[part] = made, (made != photo[part]).any(2)
    return whole, edited
