"""``dragphoto apply``: the edit of a session on another photo, or on each frame of a clip."""

import argparse
import sys
import time
from pathlib import Path

from editor.apply import applied, check
from editor.clip.follow import Track, follow, track
from editor.clip.paint import painted
from editor.clip.source import Clip, ClipError, open_clip
from editor.clip.write import save_clip
from editor.engine import NO_FACE
from editor.export import OutputError, save_png
from editor.session import Session
from editor.session_file import load_session
from editor.view import edited
from photo import PhotoError

from .commands import Summary, meant_quad
from .progress import bar


def run_apply(args: argparse.Namespace) -> Summary:
    """Move the other's face as the session's was moved; no model is needed for it.

    Raises:
        SessionError: the session holds no edit of a face.
        PhotoError: there is no face.
        ClipError: the clip cannot be edited.
    """
    edit, begin = load_session(args.edit)[0], time.monotonic()
    check(edit)
    done = _on_clip(edit, args) if isinstance(args.photo, Path) else _on_photo(edit, args)
    return {"out": str(args.out), "seconds": round(time.monotonic() - begin, 2), **done}


def _on_photo(edit: Session, args: argparse.Namespace) -> Summary:
    session = applied(edit, args.photo, meant_quad(args.photo, "face", args))
    result, differs = edited(session.subject, session.now.change)
    save_png(result, args.out)
    return {"edited_pixels": int(differs.sum())}


def _on_clip(edit: Session, args: argparse.Namespace) -> Summary:
    if args.eyes_mouth is not None:
        raise PhotoError("--eyes-mouth is for a photo: a clip's face is told by --at.")
    if args.out.suffix.lower() != ".mp4":
        raise OutputError(f"{args.out} cannot be written: an edited clip is named *.mp4.")
    clip, written = open_clip(args.photo), 0
    found = _track(clip, args)
    try:
        with bar(desc="paint", total=len(found.meshes), unit="frame") as shown:
            for written in save_clip(clip, lambda frames: painted(edit, frames, found), args.out):
                shown.update(written - shown.n)
    except KeyboardInterrupt:
        if not written:
            raise
        print(f"stopped: the {written} frames so far are kept", file=sys.stderr)
    faces = sum(mesh is not None for mesh in found.meshes)
    return {"frames": written, "with_face": faces, "sound": clip.sounds}


def _track(clip: Clip, args: argparse.Namespace) -> Track:
    with bar(desc="look", total=clip.count, unit="frame") as shown:
        faces = [(face, shown.update())[0] for face in follow(clip.frames(), args.at)]
    if not any(faces):
        raise ClipError(NO_FACE.split(":")[0] + " in this clip.")
    return track(faces, float(clip.rate))
