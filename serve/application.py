"""What runs on a cluster: those who drag, those who fit, and the page before them."""

import os
from typing import Any
from urllib.request import urlopen

from ray import serve
from ray.serve.config import AutoscalingConfig
from ray.serve.handle import DeploymentHandle

from editor.backend.job import again
from editor.backend.store import Store
from editor.models import MOST_KEPT

from .options import Options
from .remote import Remote
from .worker import Worker

TRIES = 3  # of a job whose replica is lost
STOP = 5.0  # s that a replica has to end its step when it goes


def build(options: Options) -> serve.Application:
    """The application; its page answers at the options' host and port."""
    return with_front(Front, options)


def with_front(kind: "type[Front]", options: Options) -> serve.Application:
    """The application with this page."""
    handles = [
        workers(name, options, least, most).bind(options.store)
        for name, least, most in (
            ("draggers", options.least_draggers, options.most_draggers),
            ("fitters", options.least_fitters, options.most_fitters),
        )
    ]
    where = {options.front: 0.001} if options.front else {}
    front: Any = serve.deployment(
        kind, name="front", ray_actor_options={"num_cpus": 0, "resources": where},
        health_check_period_s=5, health_check_timeout_s=30,
    )  # fmt: skip
    return front.bind(options, *handles)


def workers(name: str, options: Options, least: int, most: int) -> Any:
    """The deployment of those who drag, or who fit."""
    kept = serve.multiplexed(max_num_models_per_replica=MOST_KEPT)
    kind = type(name.capitalize(), (Worker,), {"model": kept(Worker.model)})
    return serve.deployment(
        kind, name=name, max_ongoing_requests=1, max_queued_requests=options.waiting,
        autoscaling_config=AutoscalingConfig(
            min_replicas=least, max_replicas=max(least, most), target_ongoing_requests=1
        ),
        ray_actor_options={"num_cpus": options.cores, "num_gpus": options.gpus},
        graceful_shutdown_timeout_s=STOP, health_check_period_s=2, health_check_timeout_s=30,
    )  # fmt: skip


class Front:
    """The page as it is anywhere; its work goes to the replicas."""

    def __init__(self, options: Options, drags: DeploymentHandle[Any], fits: DeploymentHandle[Any]):
        os.environ |= {
            "GRADIO_SERVER_NAME": options.host, "GRADIO_SERVER_PORT": str(options.port),
            "GRADIO_ANALYTICS_ENABLED": "False",
        }  # fmt: skip
        page = self.page()
        from ui import gpu

        backend = again(Remote(drags, fits, Store(options.store)), TRIES)
        gpu.move_to(gpu.Place(backend, options.most_draggers, options.most_fitters))
        _, self.url, _ = page.launch(prevent_thread_lock=True)

    def page(self) -> Any:
        """The module that launches it; it is not imported where there is none."""
        import app

        return app

    def check_health(self) -> None:
        """Whether the page answers; else Ray starts it anew."""
        urlopen(f"{self.url}healthz", timeout=10).close()
