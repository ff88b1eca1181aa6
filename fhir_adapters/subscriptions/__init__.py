"""What hospital systems are told: which changes, in which order, in which words."""
