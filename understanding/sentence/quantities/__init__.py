"""Numbers in a sentence, and what they state: prices, years and sizes."""
