"""`make bench`: Podium and its peers at the same work, side by side. It knows the servers only by their HTTP."""
