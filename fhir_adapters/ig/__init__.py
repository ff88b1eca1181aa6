"""The implementation guide: profiles, extensions, codes, search parameters, operations and examples, made from the
tables that the mappings, the rules and the search work by. Pure: the same code gives the same guide."""
