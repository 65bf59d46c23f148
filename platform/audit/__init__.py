"""Who did what, when. Entries are added and read, never changed."""
