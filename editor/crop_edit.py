"""Edits in px of the crop: what is drawn on the photo, as the generator sees it."""

from dataclasses import replace

import torch

from drag import Edit, EditError
from inversion.transfer import Quad, cut_mask, project, to_crop


def to_crop_edit(edit: Edit, quad: Quad, side: int) -> Edit:
    """The same edit in px of the crop.

    Raises:
        EditError: a point lies outside the crop, or the mask leaves nothing of it free.
    """
    matrix = to_crop(quad, side)
    points = [project(matrix, p.double().numpy()) for p in (edit.handles, edit.targets)]
    for name, places in zip(("starts", "ends"), points, strict=True):
        outside = ((places < -0.5) | (places > side - 0.5)).any(1)
        if outside.any():
            bad = int(outside.argmax()) + 1
            raise EditError(f"Drag {bad} {name} outside the fitted part of the photo.")
    mask = None
    if edit.mask is not None:
        mask = torch.from_numpy(cut_mask(edit.mask.numpy(), quad, side))
    handles, targets = (torch.from_numpy(p).float() for p in points)
    return replace(edit, size=(side, side), handles=handles, targets=targets, mask=mask)
