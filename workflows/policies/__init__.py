"""Rules of the pathway as pure functions: dates and numbers in, an answer out. Every figure names its source."""
