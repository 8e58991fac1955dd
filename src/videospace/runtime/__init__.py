"""What everything stands on: devices, checkpoints, logs."""
