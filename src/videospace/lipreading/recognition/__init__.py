"""From a mouth clip to likely words: scorers, fusion, calibration, open-set rejection."""
