"""How a run measures: its jobs, the processes that they are done in, what a call returns, and how long it takes."""
