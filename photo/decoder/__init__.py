"""Bytes that somebody sent -> upright sRGB pixels: nothing hostile or private gets past here."""
