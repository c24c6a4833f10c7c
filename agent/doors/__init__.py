"""The ways in: the command line and the terminal chat."""
