"""Recordings -> segments -> hypotheses -> queue -> corrections. Ends at approved labels."""
