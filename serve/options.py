"""How much of what the application may use; each is an ``args`` of a cluster's configuration."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1, le=10_000)]


class Options(BaseModel):
    """Replicas come and go between their least and most number, as work waits for them.

    Args:
        store: where heavy values lie: a folder that all machines share, or an address such as
            ``s3://bucket/path``.
        least_draggers, most_draggers: replicas for what is short.
        least_fitters, most_fitters: replicas for fits.
        cores, gpus: of each replica; with 0.5 two share a GPU.
        waiting: pieces of work that wait for replicas at most.
        host, port: of the page; 0.0.0.0 is all the network.
        front: a resource that only the machine with the page has; empty: any machine.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Annotated[str, Field(min_length=1)]
    least_draggers: Count = 1
    most_draggers: Count = 2
    least_fitters: Count = 1
    most_fitters: Count = 1
    cores: Annotated[float, Field(ge=0)] = 1.0
    gpus: Annotated[float, Field(ge=0, le=1)] = 0.0
    waiting: Count = 100
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 7860
    front: str = ""
