"""``farpoint serve``: run one region."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def serve(*, config: Annotated[Path, Parameter(name="--config", help="The region's config.toml.")]) -> int:
    """Run one region until it is asked to stop (SIGTERM, Ctrl-C). Logs are JSON lines on stderr."""
    import logging

    from farpoint.bootstrap.serve import serve as serve_region
    from farpoint.cli.failures import exit_of
    from farpoint.cli.json_log import install_json_log
    from farpoint.config.load import load_config
    from farpoint.errors import FarpointError

    install_json_log()
    try:
        return serve_region(load_config(config))
    except FarpointError as error:
        # Whoever collects the log of a region finds there why it did not start.
        logging.getLogger(__name__).error("region_not_started", extra={"code": error.code.value, "reason": str(error)})  # noqa: TRY400 - the reason says it all
        return exit_of(error)
