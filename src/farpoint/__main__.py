"""Run the command line with ``python -m farpoint``."""

from farpoint.cli.main import main

if __name__ == "__main__":
    main()
