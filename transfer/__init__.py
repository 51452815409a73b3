"""The generator gives the motion, the photo gives the pixels.

The embedded generator is small: its picture of you is soft. Its motion when a point is dragged
carries over, its pixels do not. Optical flow between the tuned generator's pictures, composed step
by step, measures it (``flow.py``); where flow loses its way (parting lips) the coordinate head does
(``correspondence.py``). A quadratic energy (confident motion, stillness away from face and drags,
smoothness) cleans it (``regularize.py``); the photo's own pixels are warped by it, once, at full
size (``warp.py``). What is then lacking at the handles is added as wide bumps; what is disoccluded
between the lips is the generator's. Several drags add up to one ``Warp``.
"""
