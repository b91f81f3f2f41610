"""An experiment planned, run, watched and repeated."""
