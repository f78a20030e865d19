"""Pictures that people took of garments, labelled by kind; no product of a shop is known to be in them."""
