"""What the tax adviser gets: the issued papers and payments of a period as a DATEV booking batch."""
