"""Edits in px of the crop: what is drawn on the photo, as the generator sees it."""

from dataclasses import replace

import numpy as np
import torch

from drag import Edit, EditError
from inversion.framing import Domain, bars
from inversion.transfer import Quad, cut_mask, project, to_crop


def to_crop_edit(edit: Edit, quad: Quad, side: int, domain: Domain) -> Edit:
    """The same edit in px of the crop; the bars of a crop for cars may not move.

    Raises:
        EditError: a point lies outside the crop, or the mask leaves nothing of it free.
    """
    matrix, rows = to_crop(quad, side), bars(side, domain)
    low, high = np.array([0, rows]) - 0.5, np.array([side, side - rows]) - 0.5
    points = [project(matrix, p.double().numpy()) for p in (edit.handles, edit.targets)]
    for name, places in zip(("starts", "ends"), points, strict=True):
        outside = ((places < low) | (places > high)).any(1)
        if outside.any():
            bad = int(outside.argmax()) + 1
            raise EditError(f"Drag {bad} {name} outside the fitted part of the photo.")
    mask = None
    if edit.mask is not None:
        mask = torch.from_numpy(cut_mask(edit.mask.numpy(), quad, side))
    if rows:
        mask = torch.ones(side, side, dtype=torch.bool) if mask is None else mask.clone()
        mask[:rows] = mask[side - rows :] = False
    handles, targets = (torch.from_numpy(p).float() for p in points)
    return replace(edit, size=(side, side), handles=handles, targets=targets, mask=mask)
