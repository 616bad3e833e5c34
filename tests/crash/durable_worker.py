"""A process that does everything that is left to do in region westus, with durable steps: ``durable_worker.py FOLDER [MOMENT NUMBER]``.

Right before the NUMBERth effect called MOMENT it kills itself. Every block that arrives is noted in FOLDER/sent.
"""

import os
import signal
import sys
import time
from pathlib import Path

from farpoint.bucket.directory import DirectoryBucket
from farpoint.clock import SystemClock
from farpoint.metadata.operations import live_operations
from farpoint.model.ids import OperationId
from farpoint.operations.durable import DurableRunner
from farpoint.operations.steps import Steps
from farpoint.testing.ground import scaled_down
from farpoint.testing.regions import SmallRegion
from farpoint.testing.stage import Stage


class Death:
    """Notes what arrives, and kills this process at its moment."""

    def __init__(self, region: SmallRegion, folder: Path, moment: tuple[str, int] | None) -> None:
        self._region = region
        self._notes = folder / "sent"
        self._moment = moment
        self._seen = 0

    def __call__(self, _number: int, name: str) -> None:
        if name == "take block":
            disk, block = self._region.source_of("eastus").sent[-1]
            with self._notes.open("a", encoding="utf-8") as notes:
                notes.write(f"{disk} {block}\n")
        self._seen += self._moment is not None and name == self._moment[0]
        if self._moment is not None and self._seen == self._moment[1]:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, moment: tuple[str, int] | None) -> None:
    """Work until nothing is left."""
    with scaled_down():
        region = Stage(folder, seed=os.getpid(), make_bucket=DirectoryBucket, clock=SystemClock()).west
        region.effects.after = Death(region, folder, moment)

        def follow(steps: Steps, operation: OperationId) -> None:
            region.run(operation, steps)

        def live() -> list[OperationId]:
            with region.database.read() as conn:
                return [operation.id for operation in live_operations(conn)]

        runner = DurableRunner(folder / "dbos.sqlite", follow=follow, live=live, clock=SystemClock())
        runner.start()
        while live():
            time.sleep(0.05)
        runner.stop()
        region.stop()
    sys.stdout.write("nothing is left\n")
    sys.stdout.flush()
    # Its threads would keep the interpreter waiting, as in bootstrap.serve.
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), (sys.argv[2], int(sys.argv[3])) if sys.argv[2:] else None)
