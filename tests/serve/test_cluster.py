"""The configuration for clusters says what Ray and the application understand."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from serve.options import Options

FILE = Path(__file__).parents[2] / "serve" / "cluster" / "rayservice.yaml"


@pytest.fixture(scope="module")
def parts() -> dict[str, Any]:
    return {part["kind"]: part for part in yaml.safe_load_all(FILE.read_text())}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own schema
def test_ray_reads_it_and_the_application_takes_its_options(parts: dict[str, Any]) -> None:
    from ray.serve.schema import ServeDeploySchema

    told = yaml.safe_load(parts["RayService"]["spec"]["serveConfigV2"])
    (application,) = ServeDeploySchema.model_validate(told).applications
    options = Options(**application.args)
    assert options.most_draggers > options.least_draggers
    module, name = application.import_path.split(":")
    assert callable(getattr(import_module(module), name))


def test_the_page_is_where_its_service_looks_for_it(parts: dict[str, Any]) -> None:
    cluster = parts["RayService"]["spec"]["rayClusterConfig"]
    args = yaml.safe_load(parts["RayService"]["spec"]["serveConfigV2"])["applications"][0]["args"]
    head, service = cluster["headGroupSpec"], parts["Service"]["spec"]
    assert head["template"]["metadata"]["labels"].items() >= service["selector"].items()
    assert args["front"] in head["rayStartParams"]["resources"]
    assert args["front"] not in str([g["rayStartParams"] for g in cluster["workerGroupSpecs"]])
    ports = head["template"]["spec"]["containers"][0]["ports"]
    assert args["port"] in [each["containerPort"] for each in ports]
    assert service["ports"][0]["targetPort"] == args["port"]


def test_all_machines_see_the_store(parts: dict[str, Any]) -> None:
    cluster = parts["RayService"]["spec"]["rayClusterConfig"]
    args = yaml.safe_load(parts["RayService"]["spec"]["serveConfigV2"])["applications"][0]["args"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        (mount,) = pod["containers"][0]["volumeMounts"]
        assert mount["mountPath"] == args["store"]
        (volume,) = pod["volumes"]
        claim = volume["persistentVolumeClaim"]["claimName"]
        assert claim == parts["PersistentVolumeClaim"]["metadata"]["name"]
    assert cluster["authOptions"] == {"mode": "token"}


@pytest.mark.parametrize(
    "wrong", [{}, {"store": ""}, {"store": "/s", "drag": 1}, {"store": "/s", "gpus": 2}]
)
def test_options_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options(**wrong)
