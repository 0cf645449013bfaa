"""READ FIRST. Records of a decoding run; numpy only."""
