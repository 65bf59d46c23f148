"""What every floor above stands on: job names, errors, storage, abstract models."""
