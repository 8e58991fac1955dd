"""From a mouth clip to likely words: scorers, fusion, calibration, rejection."""
