"""What every page shares: language, address, models, controls, faults."""
