"""Every number that chatrec claims, measured: `make bench NAME=turn`."""
