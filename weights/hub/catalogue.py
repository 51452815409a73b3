"""Public generators that can be fetched: where they are, what they must be, under which licence.

A checksum is that of the copy on Hugging Face, where it is shown; the makers publish none. Their
own files are taken for the same bytes, and refused if they are not: the order of the addresses
(the maker's first) decides who is asked, never what is accepted.
"""

from dataclasses import dataclass
from typing import Literal

from photo.domain import Domain

from ..files import WeightsError

Form = Literal["nvidia", "tensorflow", "rosinality"]
"""NVIDIA's pickle (PyTorch), NVIDIA's pickle (TensorFlow), or the .pt of rosinality's code."""


@dataclass(frozen=True)
class Licence:
    """Terms: their name, a short one for lists, what they come to, where to read them."""

    name: str
    short: str
    says: str
    url: str


@dataclass(frozen=True)
class PublicModel:
    """A file that anybody can fetch.

    Args:
        name: what it is asked for by.
        title: what its pictures show.
        domain: how a photo is cropped for it.
        resolution: side of its pictures in px.
        form: of the file.
        urls: the maker's address, then copies.
        sha256: of the file, in hex.
        megabytes: of the file, as its host rounds them (10^6 bytes).
        bytes: of the file, where that is known.
        licence: of the weights.
    """

    name: str
    title: str
    domain: Domain
    resolution: int
    form: Form
    urls: tuple[str, ...]
    sha256: str
    megabytes: int
    bytes: int | None
    licence: Licence

    @property
    def sizes(self) -> tuple[int, int]:
        """The fewest and the most bytes that the file can have."""
        if self.bytes is not None:
            return self.bytes, self.bytes
        return (self.megabytes - 1) * 10**6, (self.megabytes + 1) * 10**6

    @property
    def label(self) -> str:
        """For a list that people choose from."""
        facts = f"{self.resolution} px, {self.megabytes} MB, {self.licence.short}"
        return f"{self.title} ({facts})"


def public(name: str) -> PublicModel:
    """The model of this name.

    Raises:
        WeightsError: there is none; the sentence lists those there are.
    """
    for model in CATALOGUE:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in CATALOGUE)
    raise WeightsError(f"There is no model {name}. Those that can be fetched: {names}.")


def published(sha256: str | None) -> PublicModel | None:
    """The model whose file has this checksum, if any has."""
    return next((model for model in CATALOGUE if model.sha256 == sha256), None)


_NC = "NVIDIA: research only"
_NC_SAYS = "research and evaluation only, nothing commercial"
NVIDIA2 = Licence(
    "NVIDIA Source Code License for StyleGAN2", _NC, _NC_SAYS,
    "https://nvlabs.github.io/stylegan2/license.html",
)  # fmt: skip
# The folder on NGC states no licence of its own; the repository that points to it has this one.
NVIDIA3 = Licence(
    "NVIDIA Source Code License for StyleGAN3", _NC, _NC_SAYS,
    "https://github.com/NVlabs/stylegan3/blob/main/LICENSE.txt",
)  # fmt: skip
CC_BY = Licence(
    "Creative Commons Attribution 4.0", "CC BY 4.0",
    "any use, with credit to Mokady et al., Self-Distilled StyleGAN (2022)",
    "https://creativecommons.org/licenses/by/4.0/",
)  # fmt: skip

_NGC = "https://api.ngc.nvidia.com/v2/models/nvidia/research/stylegan2/versions/1/files"
_NVLABS = "https://nvlabs-fi-cdn.nvidia.com/stylegan2/networks"
_CLOUD = "https://d36zk2xti64re0.cloudfront.net/stylegan2/networks"
_GOOGLE = "https://storage.googleapis.com/self-distilled-stylegan"
_HUB = "https://huggingface.co"
_DRAGGAN = f"{_HUB}/DragGan/DragGan-Models/resolve/main"
_PICKLES = f"{_HUB}/aaronb/StyleGAN2-pkl/resolve/main/stylegan2"
_ROSINALITY = f"{_HUB}/aaronb/StyleGAN2/resolve/main"
_SLIM = f"{_HUB}/public-data/Self-Distilled-StyleGAN/resolve/main/models"


def _config_f(
    kind: str, title: str, domain: Domain, side: int, files: tuple[str, int, str, int]
) -> tuple[PublicModel, PublicModel]:
    """A model of the StyleGAN2 paper: NVIDIA's file, and a third of it (the generator alone)."""
    file, (sha256, size, slim_sha256, slim_size) = f"stylegan2-{kind}-config-f", files
    return (
        PublicModel(
            f"{kind}-config-f", title, domain, side, "tensorflow",
            tuple(f"{base}/{file}.pkl" for base in (_NVLABS, _CLOUD, _PICKLES)),
            sha256, round(size / 1e6), size, NVIDIA2,
        ),
        PublicModel(
            f"{kind}-config-f-slim", title, domain, side, "rosinality",
            (f"{_ROSINALITY}/{file}.pt",), slim_sha256, round(slim_size / 1e6), slim_size, NVIDIA2,
        ),
    )  # fmt: skip


def _distilled(
    kind: str, side: int, megabytes: int, sha256: str, slim: bool = False
) -> PublicModel:
    """A self-distilled model; ``slim``: the copy that holds the generator alone."""
    file, end = f"{kind}_{side}_pytorch.pkl", "-slim" if slim else ""
    urls = (f"{_SLIM}/{file}",) if slim else (f"{_GOOGLE}/{file}", f"{_DRAGGAN}/stylegan2_{file}")
    return PublicModel(
        f"{kind}-{side}{end}", kind.capitalize(), "square", side, "nvidia",
        urls, sha256, megabytes, None, CC_BY,
    )  # fmt: skip


CATALOGUE: tuple[PublicModel, ...] = (
    _distilled("lions", 512, 364,
        "0a01ff8344521171b1a2eff1e9a51c1acbc48221bdc2594919187f66a3942bcc"),
    _distilled("dogs", 1024, 382,
        "c9e93090d02916165a602c728c0e37458fc0c58fbc58e4d75bcd096bb81c7e8c"),
    _distilled("dogs", 1024, 133,
        "a882a83ad273db2b3401dd151dbd9108650108f9d1e61876c93e7b2431fd33e3", slim=True),
    _distilled("horses", 256, 357,
        "f100dc32e2731a293f3b31a9038416f72aa5cc30555b3315a82e19c065f81b0c"),
    _distilled("horses", 256, 121,
        "9faf0dafc0fde9b89b7767d803952b202a3cd4f931d00ce0ed6d3984f40a0e8c", slim=True),
    _distilled("elephants", 512, 364,
        "56504894f6d7121959af78a74148cf1e9d858e3710312efb11c41dbf27684363"),
    _distilled("elephants", 512, 124,
        "ffee41bcdf4d5c34002c8ff44dea8fd829e53c371d5783754d4e410144a7a042", slim=True),
    PublicModel(
        "ffhq-512", "FFHQ faces", "face", 512, "nvidia",
        (f"{_NGC}/stylegan2-ffhq-512x512.pkl", f"{_DRAGGAN}/stylegan2-ffhq-512x512.pkl"),
        "d2b1c92f41ce8a64c55f7a75ef06c4c0eef9e17b1eb29aae8c10fb37b3e60478", 364, None, NVIDIA3,
    ),
    PublicModel(
        "ffhq-1024", "FFHQ faces", "face", 1024, "nvidia",
        (f"{_NGC}/stylegan2-ffhq-1024x1024.pkl", f"{_DRAGGAN}/stylegan2-ffhq1024x1024.pkl"),
        "a205a346e86a9ddaae702e118097d014b7b8bd719491396a162cca438f2f524c", 382, 381_624_121,
        NVIDIA3,
    ),
    PublicModel(
        "afhqcat-512", "AFHQ cats", "animal", 512, "nvidia",
        (f"{_NGC}/stylegan2-afhqcat-512x512.pkl", f"{_DRAGGAN}/stylegan2-afhqcat-512x512.pkl"),
        "17a83abee464242f8bb40dc6363d33c2fb087066b68fc0147677fdbf21f7a7a9", 364, None, NVIDIA3,
    ),
    *_config_f("ffhq", "FFHQ faces, config-f", "face", 1024, (
        "adf127ea7bb8a7788c8bdeda3c9937f7310b669b09ecf799ca53a631ff46948d", 381_673_535,
        "646c7e7c5e3fc4cf8e83dcfe5dce505cc74b61d8982c09563932aa15c4baf18c", 132_717_355,
    )),
    *_config_f("car", "LSUN cars", "car", 512, (
        "e1618eee2b3ce87c4a3849442f7850ef12a478556bff035c8e09ee7e23b3794c", 364_027_523,
        "c69f161fd576801027cbaa8b09142b5dd9f508034b2d0f4a2a0cdcbc1d587c9c", 123_949_595,
    )),
    *_config_f("cat", "LSUN cats", "square", 256, (
        "08940fd616cfaf6bc7b0286b5d1a0b3f70febb26e136d64716c8d3f5e9bd3883", 357_418_027,
        "ff1036877c8964ba7c9e84316e67ea26bea64bbfcf6bd6c645f45589d248727f", 120_878_283,
    )),
    *_config_f("church", "LSUN churches", "square", 256, (
        "4090c5f83b44b83475c84864188aa39a0fb72694492302b7e6af36aad0d18104", 357_418_027,
        "596f59f0ab72d3d5e821846dbf53fff0406c0103ff4fa46ae0a2508d80b3a2d0", 120_878_283,
    )),
    *_config_f("horse", "LSUN horses", "square", 256, (
        "cbc73372c7d82d095913ca8b4b9f170560777175bd7c3b8a75dd55d70807f32b", 357_418_027,
        "894bc6a08a6bbe4c22bf91195dd4fdd4ee7f6859e06ce3517e7b3bfa9a8b2565", 120_878_283,
    )),
)  # fmt: skip
"""Only files whose checksum is known."""
