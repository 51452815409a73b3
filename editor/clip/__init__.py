"""An edit on each frame of a clip: seen once to follow the face, a second time to be painted.

Nothing holds the whole clip: of the first look only meshes are kept, which are smoothed over time
(``follow.py``); of the second a few frames, over which the head's outline is a mean (``paint.py``).
"""
