"""Live model -> transcripts: drafts for the queue, live sessions for clinicians."""
