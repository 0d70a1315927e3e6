"""What `fast` remembers of problems is true of sizes of blocks at that time: whoever changes these has it forget."""

import sys

# What is known of a machine, or costs an import, stays.
KEPT = ("convnotes.fast.machine",)


def forget() -> None:
    """Forget every choice, block and tile; the matrices of tiles are made anew, too."""
    for name, module in list(sys.modules.items()):
        if name.startswith("convnotes.fast") and not name.startswith(KEPT):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
