"""What lies between two versions of a text. PURE: no framework, no database."""
