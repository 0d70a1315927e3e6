"""The parts of the web site that are this repository's own: extensions of Sphinx, one subject each."""
