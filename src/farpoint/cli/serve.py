"""``farpoint serve``: run one region."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def serve(*, config: Annotated[Path, Parameter(name="--config", help="The region's config.toml.")]) -> int:
    """Run one region until it is asked to stop (SIGTERM, Ctrl-C). Logs are JSON lines on stderr."""
    from farpoint.bootstrap.serve import serve as serve_region
    from farpoint.cli.json_log import install_json_log
    from farpoint.config.load import load_config

    settings = load_config(config)
    install_json_log()
    return serve_region(settings)
