"""What a run leaves on disk: what its files hold, how they are written so that nothing is lost, how they are read."""
