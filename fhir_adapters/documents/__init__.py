"""Documents that a person reads without any software: which kinds there are, what stands in each, how it is said."""
