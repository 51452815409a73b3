"""A saved session, opened with the model that it was made for."""

from pathlib import Path

from weights import WeightsError

from .engine import Engine
from .saved import Facts, load_session
from .session import Session


def open_session(engine: Engine, file: Path) -> tuple[Session, Facts]:
    """(a session that was saved, its facts).

    Raises:
        WeightsError: the file is missing, damaged, or was made for another model.
    """
    session, facts = load_session(file)
    subject, config = session.subject, engine.generator.config
    if (
        subject.ws.shape != (config.num_ws, config.w_dim)
        or len(session.now.change.flow) != engine.seen_side
        or any(engine.shapes.get(name) != tensor.shape for name, tensor in subject.delta.items())
    ):
        raise WeightsError("This session was made for another model: fit the photo again.")
    return session, facts
