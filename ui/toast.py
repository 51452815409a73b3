"""Errors as sentences for the person; the only place that turns one into the other."""

import logging
import secrets
from html import escape

import gradio as gr

from editor import USER_ERRORS

from .door.limits import LOG_LINE, TEXT_LENGTH

log = logging.getLogger("dragphoto")


def toast(error: Exception) -> gr.Error:
    """A sentence; what a person cannot mend is logged under a number instead."""
    if isinstance(error, gr.Error):
        error.print_exception = False
        error.message = str(error.message)[:LOG_LINE]
        return error
    if isinstance(error, USER_ERRORS):
        return gr.Error(escape(str(error)[:TEXT_LENGTH]), print_exception=False)
    number = secrets.token_hex(3)
    log.error("error %s: %s", number, str(error)[:LOG_LINE], exc_info=error)
    return gr.Error(
        f"Something went wrong (error {number}). Nothing is lost: please try again.",
        print_exception=False,
    )
