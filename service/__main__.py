"""The program ``modiste``: checks the limits of the process, then loads the commands.

With too little address space or too few open files, libraries fail without a clear error or hang while they are loaded.
"""

from __future__ import annotations

import os
import sys

MIN_ADDRESS_SPACE = 2**31
"""In bytes; a service reserves about three quarters of it, and uses much less. Each thread reserves some as well."""
ADDRESS_SPACE_PER_CORE = 2**27
MIN_FILES = 128
INTERRUPTED = 130
"""The exit status of commands that Ctrl-C ends."""


def main() -> None:
    """Run the program."""
    refusal = _too_low()
    if refusal:
        sys.exit(f"modiste: {refusal}")
    try:
        from service.cli import main as run
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


def _too_low() -> str:
    """Why the limits of this process are too low, and what to change; empty if they are not."""
    if sys.platform == "win32":
        return ""
    import resource

    needed = MIN_ADDRESS_SPACE + ADDRESS_SPACE_PER_CORE * (os.cpu_count() or 1)
    space = resource.getrlimit(resource.RLIMIT_AS)[0]
    if space != resource.RLIM_INFINITY and space < needed:
        return (
            f"The limit of address space ({space >> 20:,} MiB) is too low on this machine.\n"
            f"  Allow at least {needed >> 20:,} MiB: ulimit -v {needed >> 10}, or LimitAS= of systemd. "
            "To limit memory, use a container or MemoryMax= of systemd."
        )
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if files != resource.RLIM_INFINITY and files < MIN_FILES:
        return (
            f"The hard limit of open files ({files}) is too low.\n"
            f"  Allow at least {MIN_FILES}, better 65536: ulimit -Hn, or LimitNOFILE= of systemd."
        )
    return ""


if __name__ == "__main__":
    main()
