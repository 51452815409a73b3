"""``dragphoto apply``: the edit of a session on another photo."""

import argparse
import time

from editor.apply import applied, check
from editor.export import save_png
from editor.session_file import load_session
from editor.view import edited

from .commands import Summary, meant_quad


def run_apply(args: argparse.Namespace) -> Summary:
    """Move the other photo's face as the session's was moved; no model is needed for it.

    Raises:
        SessionError: the session holds no edit of a face.
        PhotoError: there is no face.
    """
    edit, begin = load_session(args.edit)[0], time.monotonic()
    check(edit)
    session = applied(edit, args.photo, meant_quad(args.photo, "face", args))
    result, differs = edited(session.subject, session.now.change)
    save_png(result, args.out)
    seconds = round(time.monotonic() - begin, 2)
    return {"out": str(args.out), "seconds": seconds, "edited_pixels": int(differs.sum())}
