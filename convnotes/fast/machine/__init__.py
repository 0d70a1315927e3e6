"""What depends on the machine: matrix products, threads, the workspace there is, and what work costs."""
