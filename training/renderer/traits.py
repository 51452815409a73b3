"""T: from a Gaussian code z to what is drawn. Fixed, smooth where it can be, mirror-symmetric.

Each factor owns a range of z. Every trait is a smooth, bounded function of its dims, except for
the hair style, which is a choice. ``z * MIRROR`` is the mirrored portrait.
T depends on z / sqrt(mean(z^2)) only, as the mapping network does (Karras et al. 2019).
"""

import numpy as np
from jaxtyping import Float

from .assets import BROWS, HAIR, IRISES, RACES, SKINS

Z = Float[np.ndarray, "n z"]

# (pair of morph targets "path|less|more", standard deviation); "*" stands for the left and the
# right side, which move together.
IDENTITY = (
    ("head/head-scale-horiz|decr|incr", 0.22), ("head/head-scale-vert|decr|incr", 0.22),
    ("head/head-scale-depth|decr|incr", 0.15), ("head/head-fat|decr|incr", 0.22),
    ("head/head-angle|in|out", 0.15), ("head/head-back-scale-depth|decr|incr", 0.15),
    ("head/head|oval|square", 0.3), ("head/head|triangular|invertedtriangular", 0.25),
    ("head/head|round|rectangular", 0.25), ("forehead/forehead-scale-vert|decr|incr", 0.2),
    ("forehead/forehead-nubian|decr|incr", 0.2), ("forehead/forehead-temple|decr|incr", 0.25),
    ("eyebrows/eyebrows-trans|down|up", 0.25), ("eyebrows/eyebrows-angle|down|up", 0.15),
    ("nose/nose-scale-horiz|decr|incr", 0.3), ("nose/nose-scale-vert|decr|incr", 0.3),
    ("nose/nose-scale-depth|decr|incr", 0.3), ("nose/nose-hump|decr|incr", 0.25),
    ("nose/nose-curve|concave|convex", 0.25), ("nose/nose-point|down|up", 0.25),
    ("nose/nose-point-width|decr|incr", 0.25), ("nose/nose-width1|decr|incr", 0.25),
    ("nose/nose-width2|decr|incr", 0.25), ("nose/nose-width3|decr|incr", 0.25),
    ("nose/nose-flaring|decr|incr", 0.25), ("nose/nose-nostrils-width|decr|incr", 0.2),
    ("nose/nose-trans|down|up", 0.25), ("mouth/mouth-scale-horiz|decr|incr", 0.3),
    ("mouth/mouth-scale-vert|decr|incr", 0.3), ("mouth/mouth-trans|down|up", 0.25),
    ("mouth/mouth-upperlip-height|decr|incr", 0.3), ("mouth/mouth-lowerlip-height|decr|incr", 0.3),
    ("mouth/mouth-upperlip-volume|decr|incr", 0.25),
    ("mouth/mouth-lowerlip-volume|decr|incr", 0.25), ("mouth/mouth-cupidsbow|decr|incr", 0.25),
    ("mouth/mouth-angles|down|up", 0.2), ("mouth/mouth-laugh-lines|in|out", 0.25),
    ("mouth/mouth-philtrum-volume|decr|incr", 0.2), ("eyes/*-eye-scale|decr|incr", 0.3),
    ("eyes/*-eye-height1|decr|incr", 0.15), ("eyes/*-eye-height2|decr|incr", 0.15),
    ("eyes/*-eye-height3|decr|incr", 0.15), ("eyes/*-eye-trans|in|out", 0.25),
    ("eyes/*-eye-trans|down|up", 0.25), ("eyes/*-eye-corner1|down|up", 0.25),
    ("eyes/*-eye-corner2|down|up", 0.25), ("eyes/*-eye-eyefold|down|up", 0.25),
    ("eyes/*-eye-bag|decr|incr", 0.25), ("cheek/*-cheek-bones|decr|incr", 0.3),
    ("cheek/*-cheek-volume|decr|incr", 0.3), ("cheek/*-cheek-inner|decr|incr", 0.25),
    ("chin/chin-width|decr|incr", 0.3), ("chin/chin-height|decr|incr", 0.25),
    ("chin/chin-prominent|decr|incr", 0.25), ("chin/chin-prognathism|decr|incr", 0.2),
    ("chin/chin-bones|decr|incr", 0.25), ("ears/*-ear-scale|decr|incr", 0.25),
    ("ears/*-ear-wing|decr|incr", 0.25), ("neck/neck-scale-horiz|decr|incr", 0.25),
)  # fmt: skip
# Pairs whose two sides are mirror images of each other.
ASYMMETRY = (
    ("asym/asym-brown-1|l|r", 0.15), ("asym/asym-eye-1|l|r", 0.12),
    ("asym/asym-jaw-1|l|r", 0.15), ("asym/asym-mouth-1|l|r", 0.15),
    ("asym/asym-nose-1|l|r", 0.15), ("asym/asym-cheek-1|l|r", 0.15),
)  # fmt: skip
# (name, dims, does it move geometry, which of its dims change sign in a mirror)
FACTORS: tuple[tuple[str, int, bool, tuple[int, ...]], ...] = (
    ("race", len(RACES), True, ()), ("gender", 1, True, ()), ("age", 1, True, ()),
    ("weight", 1, True, ()), ("identity", len(IDENTITY), True, ()),
    ("asymmetry", len(ASYMMETRY), True, tuple(range(len(ASYMMETRY)))),
    ("yaw", 1, True, (0,)), ("pitch", 1, True, ()), ("roll", 1, True, (0,)),
    ("body", 1, True, (0,)),
    ("open", 1, True, ()), ("smile", 1, True, ()), ("purse", 1, True, ()), ("wide", 1, True, ()),
    ("lip", 1, True, ()), ("skew", 1, True, (0,)),
    ("brow_up", 1, True, ()), ("brow_in", 1, True, ()), ("brow_skew", 1, True, (0,)),
    ("lids", 1, True, ()), ("wink", 1, True, (0,)), ("gaze", 2, True, (0,)),
    ("skin", len(SKINS), False, ()), ("tint", 3, False, ()), ("lips", 1, False, ()),
    ("blush", 1, False, ()), ("stubble", 1, False, ()),
    ("hair", len(HAIR) + 1, False, ()), ("hair_side", 1, False, (0,)),
    ("hair_length", 1, False, ()), ("hair_volume", 1, False, ()), ("hair_colour", 3, False, ()),
    ("brows", len(BROWS), False, ()), ("brow_dark", 1, False, ()),
    ("iris", len(IRISES), False, ()),
    ("light", 2, False, (0,)), ("contrast", 1, False, ()), ("warmth", 1, False, ()),
    ("exposure", 1, False, ()),
    ("background", 6, False, ()), ("gradient", 2, False, (0,)), ("blobs", 6, False, (0, 3)),
    ("cloth", 3, False, ()), ("collar", 2, False, ()),
)  # fmt: skip


def _ranges() -> dict[str, slice]:
    ends = np.cumsum([dims for _, dims, _, _ in FACTORS])
    return {f[0]: slice(int(end) - f[1], int(end)) for f, end in zip(FACTORS, ends, strict=True)}


DIMS = _ranges()
Z_DIM = max(place.stop for place in DIMS.values())
GEOMETRY = (0, DIMS["gaze"].stop)
DRAGGED = (DIMS["identity"].start, GEOMETRY[1])
"""What a drag may move: not who is shown. T draws skin, hair and eyes by race, gender
and age, so that a drag along these brings another person; a heavier one is another, too."""
MIRROR = np.ones(Z_DIM, dtype=np.float32)
for _name, _, _, _signs in FACTORS:
    MIRROR[[DIMS[_name].start + k for k in _signs]] = -1

HAIR_PRIOR = np.array([0.5, 0.5, 0.2, 0.5, 0.5, -0.2, 0.5, 0.2, -0.2])  # of HAIR, then none
BALD = len(HAIR)
FEMALE_HAIR = np.array([-1, -0.6, 0.2, -0.6, 1.1, 0.8, 1.0, 0.9, -1.2])
IDENTITY_SCALE = 0.85
BROWS_UP = 0.75  # the assets' brows look angry without it
IRIS_DARK = np.array([1, 0.3, -0.5, -0.7, -1, -1])
BLACK, BROWN, BLOND = (0.035, 0.03, 0.03), (0.25, 0.145, 0.08), (0.78, 0.60, 0.36)
SKIN_OF = np.array([2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0])  # index of RACES
SKIN_GENDER = np.array([1, 1, 1, -1, 1, 1, -1, -1, 1, 1, 1.0])
SKIN_AGE = np.array([-1, -1, 1, -1, -1, 1, -1, 1, -1, 1, 1.0])


def normalised(z: Z) -> Z:
    """z as the mapping network sees it."""
    return z / np.sqrt(np.mean(np.square(z), axis=1, keepdims=True))


def limited(x: np.ndarray, most: float = 2.0) -> np.ndarray:
    """Soft limit: x near 0, never beyond ``most``."""
    return most * np.tanh(x / most)


def shares(scores: np.ndarray, keep: int) -> np.ndarray:
    """Softmax of which only the largest ``keep`` remain; fades in and out without a jump."""
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    floor = -np.sort(-weights, axis=-1)[..., keep : keep + 1]
    weights = np.maximum(weights - 0.999 * floor, 0)
    return weights / weights.sum(-1, keepdims=True)


def brows(x: dict[str, np.ndarray]) -> np.ndarray:
    """How much of each pair of brows shows."""
    return shares(2.5 * x["brows"], 2)


def positive(x: np.ndarray, sharpness: float = 3.0) -> np.ndarray:
    """max(x, 0) with a round corner."""
    return np.logaddexp(0, sharpness * x) / sharpness


def sigmoid(x: np.ndarray) -> np.ndarray:
    """From 0 to 1."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def factors(z: Z) -> dict[str, Float[np.ndarray, "n dims"]]:
    """Each factor's dims, softly limited to what keeps a face pleasant."""
    x = limited(normalised(z.astype(np.float64)), 2.2)
    return {name: x[:, place] for name, place in DIMS.items()}


def population(x: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(shares of RACES [n 3], male [n], old [n], weight in -1..1 [n])."""
    race = np.exp(1.6 * x["race"])
    race /= race.sum(1, keepdims=True)
    male, old = sigmoid(2.2 * x["gender"][:, 0]), 0.85 * sigmoid(1.3 * x["age"][:, 0] - 1.0)
    return race, male, old, 0.7 * np.tanh(x["weight"][:, 0] / 1.5)


def morphs(x: dict[str, np.ndarray], expression: bool) -> dict[str, Float[np.ndarray, " n"]]:
    """The weight of each morph target, with or without the expression."""
    found: dict[str, np.ndarray] = {}

    def add(name: str, weight: np.ndarray) -> None:
        found[name] = found.get(name, 0) + weight

    for name, weight in _population_morphs(*population(x)):
        add(name, weight)
    for factor, pairs in (("identity", IDENTITY), ("asymmetry", ASYMMETRY)):
        for k, (pair, deviation) in enumerate(pairs):
            path, less, more = pair.split("|")
            for side in "lr" if "*" in path else "x":
                for end, sign in ((less, -1), (more, 1)):
                    weight = np.maximum(sign * IDENTITY_SCALE * deviation * x[factor][:, k], 0)
                    add(f"{path.replace('*', side)}-{end}", weight)
    add("eyebrows/eyebrows-angle-up", np.full(len(x["age"]), BROWS_UP))
    if expression:
        race = population(x)[0]
        for unit, weight in _expression(x):
            for k, name in enumerate(RACES):
                add(f"expression/units/{name}/{unit}", weight * race[:, k])
    return found


def _population_morphs(race: np.ndarray, male: np.ndarray, old: np.ndarray, weight: np.ndarray):
    bodies = (("min", positive(-weight, 20)), ("max", positive(weight, 20)))
    bodies = (("average", 1 - np.abs(weight)), *bodies)
    for gender, of_gender in (("male", male), ("female", 1 - male)):
        for age, of_age in (("young", 1 - old), ("old", old)):
            share = of_gender * of_age
            for k, name in enumerate(RACES):
                yield f"macrodetails/{name}-{gender}-{age}", share * race[:, k]
            for body, of_body in bodies:
                name = f"macrodetails/universal-{gender}-{age}-averagemuscle-{body}weight"
                yield name, share * of_body


def _expression(x: dict[str, np.ndarray]):
    """(expression unit, weight)."""
    one = {name: x[name][:, 0] for name, dims, _, _ in FACTORS if dims == 1}
    yield "mouth-open", np.minimum(0.55 * positive(one["open"] - 0.2), 0.9)
    yield "mouth-corner-puller", 0.55 * positive(one["smile"] + 0.35)
    yield "mouth-depression", 0.25 * positive(-one["smile"] - 0.6)
    yield "mouth-pursing", 0.3 * positive(one["purse"] - 0.5)
    yield "mouth-retraction", 0.4 * positive(one["wide"] - 0.3)
    yield "mouth-upward-retraction", 0.2 * positive(one["lip"] - 0.2)
    yield "mouth-compression", 0.35 * positive(-one["lip"] - 0.4)
    up, skew = one["brow_up"], one["brow_skew"]
    for side, sign in (("left", 1), ("right", -1)):
        yield f"eyebrows-{side}-up", 0.35 * positive(up + 0.5 * sign * skew)
        yield f"eyebrows-{side}-down", 0.15 * positive(-up - 0.5 * sign * skew - 0.6)
        yield f"eyebrows-{side}-inner-up", 0.4 * positive(one["brow_in"] - 0.1)
        shut = 0.5 * positive(one["lids"] - 0.5) + 0.5 * positive(sign * one["wink"] - 1.2)
        yield f"eye-{side}-closure", np.minimum(shut, 1)
        yield f"eye-{side}-opened-up", 0.12 + 0.25 * positive(-one["lids"] - 0.2)


def pose(x: dict[str, np.ndarray]) -> tuple[Float[np.ndarray, "n 4"], Float[np.ndarray, "n 2"]]:
    """(yaw, pitch, roll of the head, yaw of the shoulders; yaw, pitch of the gaze) in radians."""
    head = [0.28 * x["yaw"], 0.11 * x["pitch"], 0.05 * x["roll"]]
    body = 0.35 * head[0] + 0.1 * x["body"]
    return np.concatenate([*head, body], axis=1), np.array([0.16, 0.08]) * x["gaze"]


def skin(x: dict[str, np.ndarray]) -> Float[np.ndarray, "n skins"]:
    """Shares of the skin textures: those that suit the face are likelier, at most four."""
    race, male, old, _ = population(x)
    fit = 3.0 * race[:, SKIN_OF] + 0.8 * SKIN_GENDER * (2 * male[:, None] - 1)
    return shares(1.2 * (0.6 * x["skin"] + fit + 0.8 * SKIN_AGE * (2.4 * old[:, None] - 1)), 4)


def iris(x: dict[str, np.ndarray]) -> Float[np.ndarray, "n irises"]:
    """Shares of the eyes' textures: brown for most, light eyes in fair faces."""
    dark = 1 - population(x)[0][:, 2:]
    return shares(1.6 * x["iris"] + 3.5 * dark * IRIS_DARK, 3)


def hair_style(x: dict[str, np.ndarray]) -> np.ndarray:
    """Index of HAIR, or BALD, for each code."""
    female = 1 - 2 * population(x)[1]
    return np.argmax(x["hair"] + HAIR_PRIOR + 0.7 * female[:, None] * FEMALE_HAIR, axis=1)


def hair_colour(x: dict[str, np.ndarray]) -> Float[np.ndarray, "n 3"]:
    """Linear RGB: black to brown to blond by melanin, some red, grey with age."""
    race, _, old, _ = population(x)
    fair = race[:, 2]
    light = sigmoid((0.7 + 1.3 * fair) * x["hair_colour"][:, 0] + 2.6 * fair - 2.8)[:, None]
    blond = positive(2 * light - 1, 12)
    colour = np.array(BLACK) + np.minimum(2 * light, 1) * (np.array(BROWN) - BLACK)
    colour = colour + blond * (np.array(BLOND) - BROWN)
    red = (0.5 * positive(x["hair_colour"][:, 1] - 0.3) * light[:, 0])[:, None]
    colour = colour * (1 + red * np.array([0.9, 0.0, -0.4]))
    grey = sigmoid(7 * old + 1.3 * x["hair_colour"][:, 2] - 5)[:, None]
    return colour + grey * (np.array([0.55, 0.55, 0.56]) - colour)


def looks(x: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What is not geometry, by the name of the shader's input; colours are linear RGB."""
    male = population(x)[1][:, None]
    dark = 0.5 + 0.5 * np.tanh(x["brow_dark"])
    return {
        "tint": np.exp(x["tint"] * [0.10, 0.03, 0.05]) * np.exp(0.10 * x["tint"][:, :1]),
        "lips": 0.25 + 0.25 * np.tanh(x["lips"]) + 0.3 * (1 - male),
        "blush": 0.3 + 0.3 * np.tanh(x["blush"]),
        "stubble": sigmoid(2.5 * x["stubble"] - 1.5) * male**2,
        "brow_dark": 0.35 + 0.5 * dark,
        "lashes": 0.45 + 0.5 * (1 - male),
        "light": np.stack([0.5 * x["light"][:, 0], 0.35 + 0.22 * x["light"][:, 1]], axis=1),
        "contrast": 0.55 + 0.2 * np.tanh(x["contrast"]),
        "warmth": 0.10 * np.tanh(x["warmth"]),
        "exposure": 1.15 * np.exp(0.15 * x["exposure"]),
        "background": _muted(sigmoid(1.2 * x["background"] - 0.4) ** 1.5),
        "gradient": 0.6 * x["gradient"],
        "blobs": np.tanh(x["blobs"] / 1.2),
        "cloth": 0.02 + 0.8 * sigmoid(1.3 * x["cloth"] - 0.9) ** 1.4,
        "collar": np.array([0.12, 0.25]) * x["collar"],
    }


def _muted(colours: Float[np.ndarray, "n 6"]) -> Float[np.ndarray, "n 6"]:
    """Two colours, half as saturated."""
    pairs = colours.reshape(-1, 2, 3)
    return (0.5 * pairs + 0.5 * pairs.mean(2, keepdims=True)).reshape(-1, 6)
