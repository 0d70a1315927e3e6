"""One algorithm in each file, for `fast` to choose from."""
