"""Words and what they mean: tokens, concepts, languages, misspellings."""
