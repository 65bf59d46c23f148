"""How fast the next segment comes with a million in the queue, on each database that this machine has."""
