"""Projection and tuning: every item is usable, the given generator is never changed."""

import pytest
import torch

from inversion import Goal, InvertOptions, ProjectOptions, TuneOptions, invert, project, psnr
from inversion.distance import pixel_distance
from inversion.tune import tunable
from stylegan import Config, Generator, apply, w_statistics

CONFIG = Config(
    resolution=32,
    z_dim=8,
    w_dim=12,
    channel_base=256,
    channel_max=16,
    mapping_layers=2,
    mapping_features=16,
    lr_multiplier=1.0,
)


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(CONFIG).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def image(generator: Generator) -> torch.Tensor:
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(5))
    return generator(generator.style(z))[0].clamp(-1, 1)


def fits(generator, image, project=40, tune=20, seed=0, above=0, start=None):
    options = InvertOptions(
        ProjectOptions(steps=project, seed=seed), TuneOptions(steps=tune, above=above)
    )
    statistics = w_statistics(generator.mapping, 500)
    return invert(Goal(generator, statistics, image, pixel_distance), options, start)


def test_a_good_guess_is_where_the_search_starts(generator):
    w = generator.mapping(torch.randn(1, 8, generator=torch.Generator().manual_seed(5)))[0]
    image = generator(w.expand(1, CONFIG.num_ws, -1))[0]
    blind = next(fits(generator, image, project=1, tune=0)).distance
    assert next(fits(generator, image, project=1, tune=0, start=w)).distance < 0.5 * blind


def test_a_guess_that_is_worse_than_a_random_face_is_shown_but_not_believed(generator, image):
    blind, w = list(fits(generator, image, project=9, tune=0)), torch.ones(12) * 9
    first, *rest = fits(generator, image, project=9, tune=0, start=w)
    assert torch.equal(first.ws, w.expand(CONFIG.num_ws, -1))
    assert all(torch.equal(a.ws, b.ws) for a, b in zip(rest, blind, strict=False))
    assert [fit.step for fit in (first, *rest)] == [fit.step for fit in blind]


def test_each_item_is_at_least_as_good_as_the_one_before(generator, image):
    for stage in ("project", "tune"):
        found = [fit.distance for fit in fits(generator, image) if fit.stage == stage]
        assert found == sorted(found, reverse=True)


def test_the_projection_finds_a_face_of_the_model(generator, image):
    first, *_, last = fits(generator, image, project=100, tune=0)
    assert last.distance < 0.9 * first.distance


def test_the_pivot_is_searched_in_previews_and_tuned_at_full_size(generator, image, monkeypatch):
    monkeypatch.setattr(project, "SEARCH_SIDE", 16)
    seen: list[int] = []

    def spy(a, b, weight):
        assert a.shape[-1] == b.shape[-1] == weight.shape[-1]
        seen.append(a.shape[-1])
        return pixel_distance(a, b, weight)

    options = InvertOptions(ProjectOptions(steps=3), TuneOptions(steps=2))
    statistics = w_statistics(generator.mapping, 500)
    for fit in invert(Goal(generator, statistics, image, spy), options):
        assert set(seen) == ({16} if fit.stage == "project" else {16, 32})


def test_tuning_comes_closer_than_the_pivot(generator, image):
    found = list(fits(generator, 0.5 * image + 0.2))
    pivot = [fit for fit in found if fit.stage == "project"][-1]
    gain = psnr(generator, found[-1], 0.5 * image + 0.2) - psnr(generator, pivot, 0.5 * image + 0.2)
    assert gain > 1.0


def test_the_shared_generator_is_not_changed(generator, image):
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    list(fits(generator, image, project=3, tune=3))
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert not any(weight.requires_grad for weight in generator.parameters())


def test_the_same_seed_gives_the_same_fit(generator, image):
    one, two = (list(fits(generator, image, 10, 5, seed=3))[-1] for _ in range(2))
    assert torch.equal(one.ws, two.ws)
    assert all(torch.equal(one.delta[name], two.delta[name]) for name in one.delta)


def test_a_fit_that_is_stopped_early_can_be_rendered(generator, image):
    for steps, fit in enumerate(fits(generator, image)):
        if steps in (0, 7, 45):
            assert apply(generator, fit.delta)(fit.ws[None]).isfinite().all()


def test_tuning_above_a_block_leaves_its_features_alone(generator, image):
    *_, fit = fits(generator, image, project=5, tune=10, above=16)
    tuned = apply(generator, fit.delta)
    assert torch.equal(tuned.features(fit.ws[None], 16), generator.features(fit.ws[None], 16))
    assert not torch.equal(tuned(fit.ws[None]), generator(fit.ws[None]))


def test_style_and_mapping_layers_are_never_tuned():
    generator = Generator(CONFIG)
    tunable(generator, 0)
    free = [name for name, weight in generator.named_parameters() if weight.requires_grad]
    assert not any("affine" in name for name in free if name.startswith("synthesis"))


def test_a_loss_that_is_no_number_ends_the_stage(generator, image):
    def broken(made, wanted, weight):
        return pixel_distance(made, wanted, weight) * torch.nan

    statistics = w_statistics(generator.mapping, 500)
    options = InvertOptions(ProjectOptions(steps=5), TuneOptions(steps=5))
    assert list(invert(Goal(generator, statistics, image, broken), options)) == []
