"""The spatial engine: arrays and frames in, arrays and frames out."""
