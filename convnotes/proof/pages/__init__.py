"""What a person reads of verdicts: lines on a terminal about one implementation, and a page about several."""
