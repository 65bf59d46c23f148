"""A whole campaign of corrections and retraining, simulated with each strategy of the queue."""
