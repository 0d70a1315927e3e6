"""The algorithms of `convnotes.fast`, one file each. `convnotes.fast.dispatch` registers them and chooses."""
