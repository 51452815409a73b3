"""``dragphoto``: the whole chain without a browser."""
