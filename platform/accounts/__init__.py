"""People, sites, roles; the one place that says who may see what."""
