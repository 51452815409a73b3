"""DragPhoto on many machines, by Ray Serve: the page in one process, its work on replicas.

``python -m serve`` starts all of it on this machine; ``serve.application:build`` is what a cluster
runs (serve/cluster.yaml). Needs the extra ``serve``. Nothing of a visitor lies on a replica longer
than a step: what a job needs comes with it, or by name from the store.
"""
