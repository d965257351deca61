"""Jobs on Ray: on this machine, or on the cluster that RAY_ADDRESS names."""

from __future__ import annotations

import os
from concurrent.futures import Future

from home.errors import ConfigurationError
from home.simulate.carousel.engines import Block, OnCurve, play_all, play_block
from home.simulate.carousel.play import Curve


class Ray:
    """Plays blocks as Ray tasks, each on one core, with the results of `Processes`.

    Every machine of a cluster must see the simulation's directory at the same path, since checkpoints and the
    world are read from there. A block whose machine fails is played again from its checkpoint. Raises
    ConfigurationError where Ray is not installed.
    """

    def __init__(self, workers: int) -> None:
        try:
            import ray
        except ImportError as error:
            raise ConfigurationError(
                "engine is 'ray' but Ray is not installed: pip install 'home-composer[scale]', "
                "or take engine 'processes'"
            ) from error
        self._ray = ray
        self._workers = workers

    def run(self, blocks: list[Block], on_curve: OnCurve) -> None:
        """Play each block again and again until its job does not go on."""
        local = {} if "RAY_ADDRESS" in os.environ else {"num_cpus": self._workers}
        self._ray.init(**local, include_dashboard=False, log_to_driver=False)
        task = self._ray.remote(num_cpus=1)(play_block)

        def submit(block: Block) -> Future[Curve]:
            future: Future[Curve] = task.remote(block).future()
            return future

        try:
            play_all(submit, blocks, self._workers, on_curve)
        finally:
            self._ray.shutdown()
