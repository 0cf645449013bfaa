"""The job that stores the states of an inspection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from s2s import settings
from s2s.errors import UserError
from s2s.inspect.states.store import StateStore
from s2s.inspect.table import Examples
from s2s.monitoring import events
from s2s.server import inspection_quota, lease
from s2s.server.job import Job

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint


def start_states(examples: Examples, checkpoint: Checkpoint) -> Job[bool]:
    """Start to store the states that the inspected checkpoint had. Raises UserError if that is switched off."""
    settings.check_on("states")
    job = Job(lambda report: _store(examples, checkpoint, report))
    events.audit("states_started", name=examples.directory.name)
    return job


def _store(examples: Examples, checkpoint: Checkpoint, report: Callable[[float], None]) -> bool:
    """Compute the states and write them, if there is room. UserError for another checkpoint or a deleted inspection."""
    import torch

    from s2s.inspect.states.capture import StateWriter
    from s2s.train.distributed import Group

    done = 0

    def progress(sentences: int) -> None:
        nonlocal done
        done += sentences
        report(done / len(examples))

    _check_there(examples)
    torch.set_num_threads(1)
    writer = StateWriter(examples, checkpoint)
    if writer.megabytes > (most := settings.current().states_mb):
        raise UserError("states_too_many", found=writer.megabytes, limit=most)
    inspection_quota.mark_opened(examples.directory.name)
    inspection_quota.make_room(writer.megabytes, count=0)
    with lease.hold(examples.directory.name):
        _check_there(examples)  # it may have been deleted to make room
        if not StateStore.whole(examples.directory):
            writer.make(Group(0, 1, torch.device("cpu")), progress)
    return True


def _check_there(examples: Examples) -> None:
    if not examples.is_there():
        raise UserError("inspect_gone")
