"""What ``python -m benchmarks`` runs: a line for each table."""

from dataclasses import dataclass

PHOTO = "ui/page/examples/astronaut.jpg"
GROUPS = ("arrive", "keep", "real", "truth", "time", "trust")
GIVEN = {
    "photo": "a photo of a face",
    "photos": "a folder with photos of faces",
    "assets": "MakeHuman's data, a zip",
    "data": "a folder of renders, of training.renderer",
    "features": "weights of SqueezeNet 1.0",
    "edit": "an edit that was saved as a session",
}
"""What words may ask for in braces; all but the photo must be given."""


@dataclass(frozen=True)
class Run:
    """A benchmark, and how it is run; ``{name}`` in words is one of GIVEN.

    ``quick``: the words of a quick run; None if there is none. ``wants``: words that are left out
    where what they ask for is not given. ``on``: what the machine must have, of machine.HAS.
    """

    group: str
    module: str
    measures: str
    words: str = ""
    quick: str | None = None
    wants: str = ""
    on: tuple[str, ...] = ()
    variant: str = ""

    @property
    def name(self) -> str:
        """Of no other run."""
        return f"{self.module}-{self.variant}" if self.variant else self.module


RUNS = (
    Run("arrive", "landmarks", "Landmarks of one face, dragged to where another face has them.",
        "--pairs 1000 --points 1 5", "--pairs 3 --points 1 5", "--features {features}"),
    Run("arrive", "landmarks", "All 68 landmarks of one face, dragged likewise.",
        "--pairs 100 --points 68", variant="68"),
    Run("arrive", "landmarks", "The first again, dragged to where the face net alone sees them.",
        "--pairs 200 --points 1 5 --targets net", variant="net"),
    Run("arrive", "drag_accuracy", "The nose tip of the model's own faces, dragged 20 px.",
        "--faces 100", "--faces 8"),
    Run("arrive", "public_drags", "Models that know no axes: the published rule, and ours.",
        "--sides 256 --count 3 --faces 8", "--sides --faces 1"),
    Run("arrive", "methods", "The same points dragged by DragGAN, FreeDrag, and ours.",
        "--faces 5 --ablations --alone"),
    Run("arrive", "paired_reconstruction", "One picture of the model, dragged until it is another.",
        "--pairs 30 --sigma 0.3", "--pairs 1 --methods ours", "--features {features}"),
    Run("arrive", "freedrag_bench", "Drags in FreeDragBench's format, made here, there and back.",
        "--count 20", "--count 1 --methods ours"),
    Run("arrive", "correspondence", "The motion between two pictures of one face, read from them.",
        "--assets {assets} --pairs 200"),
    Run("keep", "appearance", "Skin and hair of the model's face before and after eight drags.",
        "--faces 6", "--faces 1"),
    Run("keep", "inversion", "How close a fit comes to its photo, and what it can still do.",
        "--data {data} --features {features} --pti", None, "--photos {photos}"),
    Run("keep", "encoder", "How far the encoder's first guess is from a photo.",
        "--data {data} --features {features}", None, "--photos {photos}"),
    Run("real", "photo_edits", "Eight drags on photos, judged by the face net.",
        "--photos {photos}", "--photos ui/page/examples", "--features {features}"),
    Run("real", "photo_edits", "The same photos, moved by dense flow instead of the rig.",
        "--photos {photos} --method flow", variant="flow"),
    Run("real", "controls", "What the face net sees of what each named control asks for.",
        "--photo {photo}", "--photo {photo}"),
    Run("real", "preview", "How well the browser's preview of a drag foresees its end.",
        "--photos {photos}", on=("Chromium",)),
    Run("real", "clips", "How an edit trembles on a clip.", "--edit {edit} --photo {photo}"),
    Run("real", "elastic", "Drags without a model, by three rules.", "", ""),
    Run("truth", "transfer", "Edits of 1024 px photos whose right answer is known.",
        "--assets {assets} --pairs 24", None, "--features {features}"),
    Run("truth", "transfer", "The same, along the true edit in lieu of a search.",
        "--assets {assets} --pairs 24 --known", None, "--features {features}", variant="known"),
    Run("truth", "rig_motion", "Where the points of a photo's rig go in these, and should go.",
        "--assets {assets} --pairs 24"),
    Run("truth", "paired_edits", "Drags of the model's pictures whose right answer is known.",
        "--assets {assets} --features {features}"),
    Run("truth", "face_net", "How much of a known motion the face net sees.", "--assets {assets}"),
    Run("truth", "calibration", "The face net's landmarks of renders, as they are and calibrated.",
        "--assets {assets} --count 500"),
    Run("truth", "model_quality", "The generator's pictures beside renders.",
        "--data {data} --features {features}"),
    Run("truth", "windows_exact", "How far windows are from the whole map."),
    Run("time", "ready_time", "Seconds until a photo can be dragged, and until a drag is shown.",
        "--photo {photo}", "--photo {photo} --times 2"),
    Run("time", "fit_time", "Whether the time of a fit that is announced is what it takes.",
        "--photo {photo}"),
    Run("time", "stop_time", "How long it takes to stop a fit or a drag.", "", "--budgets quick"),
    Run("time", "edit_times", "What an edit takes where the network is, and in the front.",
        "", None),
    Run("time", "drag_speed", "Milliseconds of a drag step, in windows and on whole maps.",
        "", "--quick", on=("Unix",)),
    Run("time", "render_speed", "Milliseconds of a picture, against the plain way.",
        "", "--sides 256", on=("Unix",)),
    Run("time", "chain", "A photo through the whole chain on large generators.",
        "--photo {photo}", on=("Linux",)),
    Run("time", "large_photos", "Memory and seconds of large photos, file to file.",
        "", "--mpx 12", on=("Linux",)),
    Run("time", "side_by_side", "Work of several visitors at once in one process.",
        "", "--repeat 1"),
    Run("time", "load", "Many visitors at once; a stub for the network.",
        "--visitors 100 --calls 3", "--visitors 10 --calls 2", on=("Linux",)),
    Run("time", "load", "A visitor beside callers that never pause.",
        "--loops 30 --seconds 0.2", on=("Linux",), variant="loops"),
    Run("trust", "weights_fuzz", "Changed and made-up model files.",
        "--seconds 60", "--seconds 10", on=("Linux",)),
    Run("trust", "weights_read", "Reading and converting a published pickle.", on=("Linux",)),
    Run("trust", "photo_fuzz", "Damaged photos.", "--seconds 60", "--seconds 10"),
    Run("trust", "photo_hostile", "Pictures that mean harm.", on=("Linux",)),
    Run("trust", "smoothness", "How smoothly the generator's picture follows its code.",
        "--data {data} --features {features}"),
    Run("trust", "growth", "Whether a process grows that fits, drags, and is stopped.",
        "--rounds 60", on=("Linux",)),
    Run("trust", "soak", "One visitor after the other: what grows in the app.",
        "--minutes 10 --closed 20", on=("Linux",)),
    Run("trust", "lost_connections", "The line breaks in the middle of work: is the result there?",
        "--runs 10", on=("Chromium",)),
    Run("trust", "lost_replicas", "A replica is killed in mid-drag: does the session go on?",
        "--runs 20", on=("Ray",)),
)  # fmt: skip
"""In the order of the page."""
