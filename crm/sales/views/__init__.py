"""The pages of sales documents and products."""
