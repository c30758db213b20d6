"""The pure core: it decides and returns data. No I/O, no clock, no environment."""
