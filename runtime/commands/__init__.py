"""One module per group of the command line; `runtime.cli` gathers them."""
