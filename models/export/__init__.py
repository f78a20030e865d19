"""From a trained run to a bundle: graphs over one file of weights, compared with torch, and in other precisions."""
