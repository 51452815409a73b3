"""The generator gives the motion, the photo gives the pixels.

A face is a rig (``rig.py``, built by ``head.py``): the face net's mesh and rings around it to the
silhouette. It moves as the mesh of the generator's pictures does. A pose of it is drawn from back
to front: what is behind (``backdrop.py``), the head (``bend.py``), eyeballs and mouth (``eyes.py``,
``mouth.py``); ``paint.py`` puts them together. Several drags are one ``Pose``.

What has no mesh moves by dense flow between the tuned generator's pictures (``flow.py``); where
that loses its way the coordinate head does not (``correspondence.py``). A quadratic energy
(confident motion, stillness away from the drags, smoothness) cleans it (``regularize.py``), wide
bumps add what is lacking at the handles, what is disoccluded is the generator's, and the photo is
warped once, at full size (``warp.py``). Several drags add up to one ``Warp``.

What no model knows bends (``elastic.py``): what is painted, or seems to be under the handles
(``cutout.py``), as a sheet of triangles (``sheet.py``) that is as rigid as possible (``arap.py``).
Where the photo shows an edge the sheet slides over what is behind, which is filled from around;
elsewhere it stays joined to the rest. That is a ``Warp``, too.
"""
